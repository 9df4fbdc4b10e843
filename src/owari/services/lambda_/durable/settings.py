"""A function's DurableConfig, and what may be done with functions that have one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from owari.services.lambda_.faults import constraint, invalid
from owari.services.lambda_.spec import Deployed

EXECUTION_MAX_S = 31_622_400
RETENTION_DAYS = 14
RETENTION_MAX_DAYS = 90
SYNC_MAX_S = 900

UNQUALIFIED = "You cannot invoke a durable function using an unqualified ARN."


def durable_settings(found: Deployed) -> dict[str, Any] | None:
    """None when the function is not durable."""
    return _settings(found.config)


@lru_cache(maxsize=1024)
def _settings(config: str) -> dict[str, Any] | None:
    settings: dict[str, Any] | None = json.loads(config).get("DurableConfig")
    return settings


def checked_durable_config(given: Mapping[str, Any]) -> dict[str, Any]:
    """As AWS keeps it. Raises ValidationException, InvalidParameterValueException."""
    if given.get("ExecutionTimeout") is None:
        raise invalid("ExecutionTimeout is a mandatory parameter of DurableConfig.")
    made = {"RetentionPeriodInDays": RETENTION_DAYS} | dict(given)
    for member, most in (
        ("ExecutionTimeout", EXECUTION_MAX_S),
        ("RetentionPeriodInDays", RETENTION_MAX_DAYS),
    ):
        name = f"durableConfig.{member[0].lower()}{member[1:]}"
        if made[member] < 1:
            raise constraint(made[member], name, "have value greater than or equal to 1")
        if made[member] > most:
            raise constraint(made[member], name, f"have value less than or equal to {most}")
    return made


def changed_durable_config(
    old: Mapping[str, Any] | None, given: Mapping[str, Any]
) -> dict[str, Any]:
    """What it doesn't say stays. A function is durable from its creation or not at all."""
    if old is None:
        raise invalid(
            "You cannot enable durable execution for an existing function: DurableConfig can only"
            " be given when the function is created."
        )
    return {**old, **given}
