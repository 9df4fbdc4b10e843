"""What becomes of an asynchronous invocation after each attempt.

Theory of operation. An event is one effect in the outbox; everything known about it travels in
that effect's payload (`Event`), so there is no table of events. Each attempt ends in exactly one
of three decisions:

    Done                     the function returned
    Again(due, event)        a function error: after 1, then 2 minutes, MaximumRetryAttempts times
                             a throttle or system error: after 1 s, doubling up to 5 minutes;
                             these do not count as retries
    GiveUp(condition)        out of retries, or the next attempt would find the event too old

Sources: Lambda developer guide, "How Lambda handles errors and retries with asynchronous
invocation" and "Capturing records of Lambda asynchronous invocations".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from owari.services.lambda_.aliases import draw_of

RETRY_PAUSE_S = 60.0  # times the number of function errors so far
BACKOFF_FIRST_S = 1.0
BACKOFF_MAX_S = 300.0
MAXIMUM_RETRY_ATTEMPTS = 2
MAXIMUM_EVENT_AGE_S = 21_600
MINIMUM_EVENT_AGE_S = 60

Condition = Literal["RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"]


@dataclass(frozen=True, slots=True)
class Event:
    """An event on its way to a function.

    `payload` is JSON text, `received` service time in seconds. `invocations` counts the attempts
    that may have reached the function's code, `function_errors` those that failed there,
    `setbacks` the throttles and system errors since the last of them.
    """

    request_id: str
    name: str
    qualifier: str
    payload: str
    received: float
    invocations: int = 0
    function_errors: int = 0
    setbacks: int = 0

    @property
    def draw(self) -> float:
        """Chooses between an alias's versions; each attempt has another."""
        return draw_of(self.request_id, self.function_errors + self.setbacks)

    def as_json(self) -> dict[str, Any]:
        """For the outbox; `Event(**…)` reads it again."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class EventPolicy:
    """The function's event-invoke configuration, as far as it concerns retries."""

    retries: int = MAXIMUM_RETRY_ATTEMPTS
    max_age_s: int = MAXIMUM_EVENT_AGE_S


@dataclass(frozen=True, slots=True)
class Done:
    event: Event


@dataclass(frozen=True, slots=True)
class Again:
    due: float
    event: Event


@dataclass(frozen=True, slots=True)
class GiveUp:
    condition: Condition
    event: Event


Decision = Done | Again | GiveUp


def on_attempt_ended(event: Event, status: str, now: float, policy: EventPolicy) -> Decision:
    """`status` is that of the run report (compute/base.py)."""
    match status:
        case "ok":
            return Done(replace(event, invocations=event.invocations + 1))
        case "error":
            return _on_function_error(event, now, policy)
        case _:
            reached = 1 if status == "lost" else 0
            return _on_setback(replace(event, invocations=event.invocations + reached), now, policy)


def _on_function_error(event: Event, now: float, policy: EventPolicy) -> Decision:
    event = replace(
        event,
        invocations=event.invocations + 1,
        function_errors=event.function_errors + 1,
        setbacks=0,
    )
    if event.function_errors > policy.retries:
        return GiveUp("RetriesExhausted", event)
    return _unless_too_old(event, now + RETRY_PAUSE_S * event.function_errors, policy)


def _on_setback(event: Event, now: float, policy: EventPolicy) -> Decision:
    pause = min(BACKOFF_FIRST_S * 2.0 ** min(event.setbacks, 10), BACKOFF_MAX_S)
    event = replace(event, setbacks=event.setbacks + 1)
    return _unless_too_old(event, now + pause, policy)


def _unless_too_old(event: Event, due: float, policy: EventPolicy) -> Decision:
    if due - event.received > policy.max_age_s:
        return GiveUp("EventAgeExceeded", event)
    return Again(due, event)


def is_too_old(event: Event, now: float, policy: EventPolicy) -> bool:
    """Before an attempt: the event has waited longer than it may."""
    return now - event.received > policy.max_age_s
