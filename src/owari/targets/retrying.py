"""After a delivery failed: again, and when, or given up, and why. Pure.

Sources: EventBridge user guide, "How EventBridge retries delivering events"; Scheduler user
guide, "Retry policy": 24 hours and 185 times by default, with back-off and jitter. What cannot
get better (no such target, no permission) is not tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from owari.errors import ServiceError

ATTEMPTS_MAX = 185
AGE_MAX_S = 86_400
FIRST_PAUSE_S = 1.0
PAUSE_MAX_S = 600.0

Condition = Literal["MaximumRetryAttempts", "MaximumEventAgeInSeconds", ""]
_RETRIED_4XX = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Policy:
    attempts: int = ATTEMPTS_MAX  # retries, the first try not counted
    age_s: float = AGE_MAX_S


@dataclass(frozen=True, slots=True)
class Again:
    due: float


@dataclass(frozen=True, slots=True)
class GivenUp:
    """`condition`: which bound of the policy was reached; '' when trying again is of no use."""

    condition: Condition


def policy_of(settings: dict[str, int] | None) -> Policy:
    """A RetryPolicy as both services have it."""
    given = settings or {}
    return Policy(
        given.get("MaximumRetryAttempts", ATTEMPTS_MAX),
        given.get("MaximumEventAgeInSeconds", AGE_MAX_S),
    )


def may_get_better(error: ServiceError) -> bool:
    status = error.status or 400
    return (status >= 500 and status != 501) or status in _RETRIED_4XX


def after_failure(
    policy: Policy, error: ServiceError, *, attempt: int, created: float, now: float, chance: float
) -> Again | GivenUp:
    """`attempt` is the one that failed, from 1; `chance` is in [0, 1)."""
    if not may_get_better(error):
        return GivenUp("")
    if attempt > policy.attempts:
        return GivenUp("MaximumRetryAttempts")
    pause = min(FIRST_PAUSE_S * 2.0 ** min(attempt - 1, 30), PAUSE_MAX_S)
    due = now + pause * (0.5 + chance / 2)
    if due > created + policy.age_s:
        return GivenUp("MaximumEventAgeInSeconds")
    return Again(due)
