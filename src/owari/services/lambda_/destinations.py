"""Event-invoke configurations: what they may say. Source: PutFunctionEventInvokeConfig."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from owari.arn import parse_arn
from owari.errors import ServiceError
from owari.services.lambda_.core import (
    MAXIMUM_EVENT_AGE_S,
    MAXIMUM_RETRY_ATTEMPTS,
    MINIMUM_EVENT_AGE_S,
)
from owari.services.lambda_.faults import constraint, invalid

_ARN = re.compile(r"arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:[a-z0-9-]*:(\d{12})?:.+")
_PATTERN = (
    r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
    r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)
_KINDS = ("lambda", "sns", "sqs", "events")


@dataclass(frozen=True, slots=True)
class EventInvoke:
    """One configuration; None where it says nothing."""

    retries: int | None = None
    max_age_s: int | None = None
    on_success: str | None = None
    on_failure: str | None = None


def read_config(p: Mapping[str, Any], name: str, old: EventInvoke) -> EventInvoke:
    """`old` with what `p` gives. Raises ValidationException, InvalidParameterValueException."""
    retries = p.get("MaximumRetryAttempts")
    age = p.get("MaximumEventAgeInSeconds")
    if retries is not None:
        _within(retries, "maximumRetryAttempts", 0, MAXIMUM_RETRY_ATTEMPTS)
    if age is not None:
        _within(age, "maximumEventAgeInSeconds", MINIMUM_EVENT_AGE_S, MAXIMUM_EVENT_AGE_S)
    success = _target(p, "OnSuccess", old.on_success)
    failure = _target(p, "OnFailure", old.on_failure)
    for member, target in (("onSuccess", success), ("onFailure", failure)):
        if target and not _ARN.fullmatch(target):
            raise constraint(
                target,
                f"destinationConfig.{member}.destination",
                f"satisfy regular expression pattern: {_PATTERN}",
            )
    if not _is_offered(success, _KINDS) or not _is_offered(failure, (*_KINDS, "s3")):
        raise _unsupported(success, failure)
    if any(_function_name(target) == name for target in (success, failure)):
        raise invalid("You can't specify the function as a destination for itself.")
    return EventInvoke(
        retries=old.retries if retries is None else retries,
        max_age_s=old.max_age_s if age is None else age,
        on_success=success,
        on_failure=failure,
    )


def _within(value: int, member: str, least: int, most: int) -> None:
    if value < least:
        raise constraint(value, member, f"have value greater than or equal to {least}")
    if value > most:
        raise constraint(value, member, f"have value less than or equal to {most}")


def _target(p: Mapping[str, Any], key: str, old: str | None) -> str | None:
    given = (p.get("DestinationConfig") or {}).get(key)
    return old if given is None else given.get("Destination") or None


def _is_offered(target: str | None, kinds: tuple[str, ...]) -> bool:
    """Buckets are for failures only."""
    if target is None:
        return True
    arn = parse_arn(target)
    return arn is not None and arn.service in kinds and not arn.resource.endswith(".fifo")


def _function_name(target: str | None) -> str | None:
    arn = parse_arn(target) if target else None
    return arn.resource.split(":")[1] if arn and arn.service == "lambda" else None


def _unsupported(success: str | None, failure: str | None) -> ServiceError:
    on_success = f"OnSuccess(destination={success})" if success else "null"
    on_failure = f"OnFailure(destination={failure})" if failure else "null"
    return invalid(
        f"The provided destination config DestinationConfig(onSuccess={on_success},"
        f" onFailure={on_failure}) is not supported."
    )


def functions_named(config: EventInvoke) -> list[str]:
    """The functions that are destinations: they must exist."""
    targets = (config.on_success, config.on_failure)
    return [target for target in targets if target and _function_name(target)]
