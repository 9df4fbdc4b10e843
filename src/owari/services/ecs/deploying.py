"""How many tasks a service starts and stops next: a pure decision on counts.

Source: ECS developer guide, "Amazon ECS rolling updates", "How the Amazon ECS deployment circuit
breaker works", "Service throttle logic".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

QUICK_S = 60.0  # a task that ended sooner failed, as far as the throttle goes
PAUSE_MAX_S = 300.0
BREAKER_MIN, BREAKER_MAX = 3, 200

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """Tasks that are to run: of the current deployment, and of those before it."""

    mine: int
    mine_good: int  # running, and not unhealthy
    others: int
    others_good: int


@dataclass(frozen=True, slots=True)
class Moves:
    """`stop_mine`: surplus. `stop_others`: how many good ones; those not good all go."""

    start: int
    stop_mine: int
    stop_others: int


def moves(wanted: int, configuration: Json, now: Counts) -> Moves:
    most = max(math.floor(wanted * configuration["maximumPercent"] / 100), min(wanted, 1))
    least = math.ceil(wanted * configuration["minimumHealthyPercent"] / 100)
    spare = max(now.mine_good + now.others_good - least, 0)
    start = min(wanted - now.mine, most - now.mine - now.others_good)
    return Moves(
        start=max(start, 0),
        stop_mine=max(now.mine - wanted, 0),
        stop_others=min(now.others_good, spare),
    )


def pause_s(failures: int) -> float:
    """Before the next start, after so many failures in a row."""
    return 0.0 if failures < 2 else float(min(2 ** min(failures - 2, 20), PAUSE_MAX_S))


def breaks(configuration: Json, wanted: int, failed: int) -> bool:
    """Whether the circuit breaker gives the deployment up."""
    breaker = configuration.get("deploymentCircuitBreaker") or {}
    return bool(breaker.get("enable")) and failed >= threshold(configuration, wanted)


def threshold(configuration: Json, wanted: int) -> int:
    """So many failed tasks are too many. Source: API reference, ThresholdConfiguration."""
    breaker = configuration.get("deploymentCircuitBreaker") or {}
    given: Json = {"type": "BOUNDED_PERCENT", "value": 50} | breaker.get(
        "thresholdConfiguration", {}
    )
    if given["type"] == "COUNT":
        return int(given["value"])
    count = math.ceil(wanted * int(given["value"]) / 100)
    if given["type"] == "UNBOUNDED_PERCENT":
        return max(count, 1)
    return min(max(count, BREAKER_MIN), BREAKER_MAX)


def is_failure(stop_code: str, started: float | None, stopped: float) -> bool:
    """A task that ended by itself before it could be of use."""
    by_itself = stop_code in ("TaskFailedToStart", "EssentialContainerExited")
    return by_itself and (started is None or stopped - started < QUICK_S)
