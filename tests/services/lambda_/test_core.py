from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.services.lambda_.core import (
    Again,
    Decision,
    Done,
    Event,
    EventPolicy,
    GiveUp,
    on_attempt_ended,
)

EVENT = Event("r", "f", "", "{}", received=1000.0)
DEFAULT = EventPolicy()


def after(event: Event, *steps: tuple[str, float], policy: EventPolicy = DEFAULT) -> Decision:
    """The decision after attempts that ended so, each at that time."""
    decision: Decision = Done(event)
    for status, now in steps:
        decision = on_attempt_ended(event, status, now, policy)
        event = decision.event
    return decision


def test_success_is_the_end() -> None:
    assert after(EVENT, ("ok", 1001)) == Done(replace(EVENT, invocations=1))


def test_function_errors_are_retried_after_one_then_two_minutes() -> None:
    first = after(EVENT, ("error", 1001))
    assert isinstance(first, Again)
    assert first.due == 1061
    second = after(first.event, ("error", 1062))
    assert isinstance(second, Again)
    assert second.due == 1182
    third = after(second.event, ("error", 1183))
    assert isinstance(third, GiveUp)
    assert (third.condition, third.event.invocations) == ("RetriesExhausted", 3)


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_maximum_retry_attempts(retries: int) -> None:
    steps = [("error", 1001.0)] * (retries + 1)
    decision = after(EVENT, *steps, policy=EventPolicy(retries=retries))
    assert isinstance(decision, GiveUp)
    assert decision.event.invocations == retries + 1
    assert isinstance(after(EVENT, *steps[:-1]), Again | Done)


@pytest.mark.parametrize("status", ["throttled", "failed", "lost"])
def test_setbacks_double_their_pause_up_to_five_minutes_and_are_no_retries(status: str) -> None:
    event, pauses = EVENT, []
    for _ in range(11):
        decision = on_attempt_ended(event, status, 2000.0, DEFAULT)
        assert isinstance(decision, Again)
        pauses.append(decision.due - 2000)
        event = decision.event
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert event.function_errors == 0
    assert event.invocations == (11 if status == "lost" else 0)


def test_a_setback_after_an_error_starts_at_one_second_again() -> None:
    decision = after(EVENT, ("lost", 1001), ("lost", 1003), ("error", 1006), ("lost", 1066))
    assert isinstance(decision, Again)
    assert decision.due == 1067
    assert decision.event.function_errors == 1


def test_an_event_that_would_be_too_old_is_given_up_at_once() -> None:
    policy = EventPolicy(max_age_s=60)
    late = after(EVENT, ("error", 1000.1), policy=policy)
    assert isinstance(late, GiveUp)
    assert late.condition == "EventAgeExceeded"
    assert isinstance(after(EVENT, ("error", 1000.0), policy=policy), Again)


@given(
    st.lists(
        st.tuples(st.sampled_from(["error", "throttled", "lost", "failed"]), st.floats(0, 400)),
        max_size=400,
    ),
    st.integers(0, 2),
    st.integers(60, 21_600),
)
def test_every_event_ends_within_its_age(
    attempts: list[tuple[str, float]], retries: int, max_age_s: int
) -> None:
    policy = EventPolicy(retries, max_age_s)
    event, due = EVENT, EVENT.received
    for status, took in attempts:
        decision = on_attempt_ended(event, status, due + took, policy)
        event = decision.event
        assert event.function_errors <= retries + 1
        assert not isinstance(decision, Done)
        if isinstance(decision, GiveUp):
            return
        assert due + took < decision.due <= EVENT.received + max_age_s
        due = decision.due
