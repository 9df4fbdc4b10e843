"""Which Retry or Catch an error meets. AWS: "Handling errors in Step Functions workflows"."""

from __future__ import annotations

from owari.services.stepfunctions.asl.definition import Retrier, State
from owari.services.stepfunctions.asl.fault import (
    ALL,
    TASK_FAILED,
    TIMEOUT,
    StateError,
)
from owari.services.stepfunctions.asl.frames import Frame
from owari.services.stepfunctions.asl.scope import Chance


def matches(wanted: frozenset[str], failure: StateError) -> bool:
    """Whether an ErrorEquals names the error. States.TaskFailed is any error but a timeout."""
    error = failure.error or ""
    if error in wanted or ALL in wanted or failure.alias in wanted:
        return True
    return TASK_FAILED in wanted and error != TIMEOUT


def find_retrier(state: State, frame: Frame, failure: StateError) -> int | None:
    """The first that names the error decides; None when it has no attempts left."""
    for at, retrier in enumerate(state.retry):
        if matches(retrier.errors, failure):
            tried = frame.attempts.get(str(at), 0)
            return at if tried < retrier.max_attempts else None
    return None


def find_catcher(state: State, failure: StateError) -> int | None:
    for at, catcher in enumerate(state.catch):
        if matches(catcher.errors, failure):
            return at
    return None


def delay_s(retrier: Retrier, tried: int, chance: Chance) -> float:
    """Seconds before the next attempt, `tried` having been made by this retrier before."""
    delay = retrier.interval_s * retrier.backoff_rate ** min(tried, 1000)
    if retrier.max_delay_s is not None:
        delay = min(delay, retrier.max_delay_s)
    return delay * chance.random() if retrier.full_jitter else delay


def error_output(failure: StateError) -> dict[str, str]:
    """What a Catch sees."""
    return {"Error": failure.error or "", "Cause": failure.cause or ""}
