"""Aliases: names of versions, which may share their invocations between two of them.

Source: Lambda developer guide, "Implementing Lambda canary deployments using a weighted alias".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from owari.services.lambda_.faults import constraint, invalid
from owari.services.lambda_.names import LATEST, function_arn

NAME_PATTERN = r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)"


@dataclass(frozen=True, slots=True)
class Alias:
    """`weights`: the share (0 to 1) of invocations that other versions get."""

    account: str
    region: str
    name: str
    alias: str
    version: str
    description: str
    weights: dict[str, float]
    revision: str

    def choose(self, draw: float) -> str:
        """The version that an invocation with this `draw` from [0, 1) goes to."""
        for version, weight in self.weights.items():
            if draw < weight:
                return version
            draw -= weight
        return self.version

    @property
    def versions(self) -> set[str]:
        return {self.version, *self.weights}


def draw_of(request_id: str, attempt: int) -> float:
    """An attempt's own draw from [0, 1): the same whenever it is asked for."""
    digest = hashlib.sha256(f"{request_id}:{attempt}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2.0**48


def check_routing(version: str, weights: Mapping[str, float]) -> None:
    """One version besides the alias's own, both published. Raises InvalidParameterValue- and
    ValidationException."""
    if not weights:
        return
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    other, weight = next(iter(weights.items()))
    if not 0.0 <= weight <= 1.0:
        raise constraint(
            weight,
            "routingConfig.additionalVersionWeights",
            "have value between 0.0 and 1.0",
        )
    if version == LATEST:
        raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    if other == LATEST or not other.isdigit():
        raise constraint(
            other,
            "routingConfig.additionalVersionWeights",
            "satisfy constraint: [Member must satisfy regular expression pattern: [0-9]+]",
        )
    if other == version:
        raise invalid(
            f"Invalid function version {other}. Function version {other} is already included in"
            " routing configuration."
        )


def describe_alias(a: Alias) -> dict[str, Any]:
    """AliasConfiguration."""
    described: dict[str, Any] = {
        "AliasArn": function_arn(a.account, a.region, a.name, a.alias),
        "Name": a.alias,
        "FunctionVersion": a.version,
        "Description": a.description,
        "RevisionId": a.revision,
    }
    if a.weights:
        described["RoutingConfig"] = {"AdditionalVersionWeights": a.weights}
    return described
