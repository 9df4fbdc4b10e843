"""The table of transitions, and what the clock and others make of an operation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.errors import ServiceError
from owari.services.lambda_.durable.checking import check, check_batch, checked_output
from owari.services.lambda_.durable.history import event_of, without_data
from owari.services.lambda_.durable.operations import (
    ACTIONS,
    TERMINAL,
    TRANSITIONS,
    Op,
    applied,
    completed,
    fired,
    heard,
)

OPTIONS: dict[str, Any] = {
    "StepOptions": {"NextAttemptDelaySeconds": 5},
    "WaitOptions": {"WaitSeconds": 7},
    "CallbackOptions": {"TimeoutSeconds": 60, "HeartbeatTimeoutSeconds": 10},
    "ChainedInvokeOptions": {"FunctionName": "f"},
}


def update(kind: str, action: str, **more: Any) -> dict[str, Any]:
    return {"Id": "1", "Type": kind, "Action": action, **OPTIONS, **more}


def op_of(kind: str, status: str) -> Op:
    details = {"Attempt": 1, "NextAttemptTimestamp": 50.0, "ScheduledEndTimestamp": 50.0}
    name = {"CHAINED_INVOKE": "ChainedInvokeDetails"}.get(kind, f"{kind.title()}Details")
    return Op({"Id": "1", "Type": kind, "StartTimestamp": 1.0, "Status": status, name: details})


@pytest.mark.parametrize(("kind", "status", "action"), TRANSITIONS)
def test_every_transition_of_the_table(kind: str, status: str | None, action: str) -> None:
    before = op_of(kind, status) if status else None
    after = applied(before, update(kind, action), 100.0, "id")
    assert after.status == TRANSITIONS[kind, status, action]
    assert ("EndTimestamp" in after.shown) == (after.status in TERMINAL)
    assert after.shown["StartTimestamp"] == (1.0 if before else 100.0)


@pytest.mark.parametrize("kind", sorted(set(ACTIONS) - {"EXECUTION"}))
@pytest.mark.parametrize("status", [None, "STARTED", "PENDING", "READY", *sorted(TERMINAL)])
@pytest.mark.parametrize("action", ["START", "SUCCEED", "FAIL", "RETRY", "CANCEL"])
def test_whatever_is_not_in_the_table_is_refused(
    kind: str, status: str | None, action: str
) -> None:
    if (kind, status, action) in TRANSITIONS:
        return
    with pytest.raises(ServiceError) as caught:
        applied(op_of(kind, status) if status else None, update(kind, action), 100.0, "id")
    assert caught.value.code == "InvalidParameterValueException"


def test_a_step_counts_its_attempts_and_keeps_what_the_last_one_left() -> None:
    op = applied(None, update("STEP", "START"), 1.0, "")
    op = applied(op, update("STEP", "RETRY", Payload="state"), 2.0, "")
    assert op.details == {"Attempt": 1, "Result": "state", "NextAttemptTimestamp": 7.0}
    assert op.is_pending and op.due == 7.0
    op = fired(op, 7.0)
    assert op.status == "READY" and op.due is None
    op = applied(op, update("STEP", "START"), 8.0, "")
    assert op.details == {"Attempt": 1, "Result": "state"}
    op = applied(op, update("STEP", "SUCCEED", Payload="done"), 9.0, "")
    assert op.details == {"Attempt": 2, "Result": "done"}


def test_a_wait_ends_by_the_clock() -> None:
    op = applied(None, update("WAIT", "START"), 1.0, "")
    assert op.due == 8.0
    assert fired(op, 8.0).status == "SUCCEEDED"


def test_a_callback_nobody_answers() -> None:
    op = applied(None, update("CALLBACK", "START"), 0.0, "id")
    assert op.due == 10.0
    assert fired(op, 10.0).details["Error"]["ErrorType"] == "Callback.Heartbeat"
    for moment in (9.0, 18.0, 27.0, 36.0, 45.0, 54.0):
        op = heard(op, moment)
    assert op.due == 60.0
    assert fired(op, 60.0).details["Error"]["ErrorType"] == "Callback.Timeout"


def test_zero_seconds_are_no_timeout() -> None:
    op = applied(None, {"Id": "1", "Type": "CALLBACK", "Action": "START"}, 0.0, "id")
    assert op.due is None and op.is_pending and heard(op, 5.0) == op


@given(
    st.lists(st.sampled_from(["START", "SUCCEED", "FAIL", "RETRY", "CANCEL", "time"]), max_size=12),
    st.sampled_from(sorted(set(ACTIONS) - {"EXECUTION"})),
)
def test_what_has_ended_stays_as_it_is(actions: list[str], kind: str) -> None:
    op: Op | None = None
    now = 0.0
    for action in actions:
        ended = op is not None and op.status in TERMINAL
        try:
            if action == "time":
                if op is not None and op.due is not None:
                    now = max(now, op.due)
                    op = fired(op, now)
            else:
                op = applied(op, update(kind, action), now, "id")
        except ServiceError:
            continue
        assert not ended or action == "time", "an operation that had ended was changed"
        assert op is None or op.due is None or op.is_pending
        now += 1.0


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        ([update("EXECUTION", "SUCCEED"), update("STEP", "START")], "must be the last"),
        ([update("EXECUTION", "FAIL"), update("EXECUTION", "FAIL")], "multiple EXECUTION"),
        ([update("STEP", "SUCCEED"), update("STEP", "START")], "same ID"),
        ([update("WAIT", "START"), update("WAIT", "CANCEL")], "same ID"),
    ],
)
def test_refused_batches(updates: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        check_batch(updates)


@pytest.mark.parametrize(
    ("said", "op", "message"),
    [
        (update("STEP", "CANCEL"), None, "Invalid action for the given operation type"),
        (update("NONE", "START"), None, "Unknown operation type"),
        (update("STEP", "START", Id="a b"), None, "updates.id"),
        (update("STEP", "SUCCEED", Payload="x" * 262_145), None, "262144 bytes"),
        (update("CHAINED_INVOKE", "START", Payload="x" * 1_048_577), None, "1048576 bytes"),
        (update("STEP", "FAIL", Error={"ErrorMessage": "x" * 40_000}), None, "32768 bytes"),
        (update("STEP", "FAIL", Payload="x"), None, "Payload for FAIL"),
        (update("STEP", "SUCCEED", Error={}), None, "Error for SUCCEED"),
        (update("STEP", "RETRY", StepOptions=None), None, "StepOptions"),
        (update("CHAINED_INVOKE", "START", ChainedInvokeOptions=None), None, "requires"),
        (update("WAIT", "START", WaitOptions={"WaitSeconds": 0}), None, "WaitSeconds"),
        (update("STEP", "START", ParentId="p"), None, "Invalid parent"),
        (update("WAIT", "CANCEL"), op_of("STEP", "STARTED"), "Inconsistent operation type"),
        (update("STEP", "FAIL", Name="n"), op_of("STEP", "STARTED"), "Inconsistent operation name"),
    ],
)
def test_refused_updates(said: dict[str, Any], op: Op | None, message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        check(said, op, None, is_child=False)


@pytest.mark.parametrize(
    "output",
    [
        None,
        [],
        {},
        {"Status": "DONE"},
        {"Status": "FAILED", "Result": "x"},
        {"Status": "SUCCEEDED", "Error": {}},
        {"Status": "SUCCEEDED", "Result": 7},
    ],
)
def test_refused_outputs(output: Any) -> None:
    with pytest.raises(ServiceError):
        checked_output(output)


def test_events_hide_their_data() -> None:
    op = completed(op_of("CALLBACK", "STARTED"), "SUCCEEDED", "secret", None, 3.0)
    event = event_of(op, 3.0)
    assert event is not None and event["EventType"] == "CallbackSucceeded"
    assert event["CallbackSucceededDetails"]["Result"]["Payload"] == "secret"
    assert "secret" not in str(without_data(event))
