"""Invocations of a durable function: prepared when due, judged when they end, tried again.

An invocation that fails (the function raised, crashed or ran out of time) is tried again, five
times in a row at most; one that never reached the function, or whose agent died with it, as long
as the execution may last, an event no longer than its MaximumEventAge. AWS documents neither
figure for durable functions: five is that of its testing library, the pauses double from one
second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from owari.effects import DueRun, Report
from owari.errors import ServiceError
from owari.services.lambda_ import sql
from owari.services.lambda_.core import BACKOFF_FIRST_S, BACKOFF_MAX_S
from owari.services.lambda_.durable import rows
from owari.services.lambda_.durable.checking import checked_output
from owari.services.lambda_.durable.ending import TOO_OLD, end
from owari.services.lambda_.durable.history import invocation_completed
from owari.services.lambda_.durable.naming import checkpoint_token
from owari.services.lambda_.durable.pausing import take_hold
from owari.services.lambda_.durable.state import initial_state
from owari.services.lambda_.durable.turns import Turn, turn_of
from owari.services.lambda_.names import function_arn
from owari.services.lambda_.spec import spec_for
from owari.store.tx import Tx
from owari.wire.operation import prepares, reaction

FAILURES_MAX = 5
EMPTY_PENDINGS_MAX = 3
NOTHING_PENDING = "Cannot return PENDING status with no pending operations."


# ---- before
@prepares("lambda.durable")
def prepare(tx: Tx, due: DueRun) -> dict[str, Any] | None:
    """The event holds the operations as they are now; only its token may checkpoint."""
    turn = turn_of(tx, due.payload["execution"])
    if turn is None or not turn.e.is_running or turn.e.invocation != due.effect_id:
        return None
    e = turn.e
    found = sql.deployed(tx, e.function, e.version)
    if found is None:
        arn = function_arn(e.account, e.region, e.function, e.version)
        e.invocation = None
        end(turn, "FAILED", error=_error("ResourceNotFoundException", f"Function not found: {arn}"))
        turn.close()
        return None
    turn.fire_due()
    e.token += 1
    e.prepared = tx.now
    updated = [op.id for op in rows.changed_since(tx, e.id, e.seen)]
    e.seen = e.changes
    rows.drop_text(tx, e.id, "checkpoint")
    event = {
        "DurableExecutionArn": e.arn,
        "CheckpointToken": checkpoint_token(e.id, e.token),
        "InitialExecutionState": initial_state(tx, e),
        "UpdatedOperationIds": updated,
    }
    turn.close()
    return spec_for(
        found,
        e.qualifier,
        payload=orjson.dumps(event),
        request_id=due.effect_id,
        trace_id=tx.trace_id,
        durable=True,
    )


# ---- after
@reaction("lambda", "durable")
def on_ended(tx: Tx, report: Report) -> None:
    assert report.result is not None, "a run reports, it does not fail"
    turn = turn_of(tx, int(report.key))
    if turn is None:
        return
    e = turn.e
    began, e.invocation, e.prepared = e.prepared, None, None
    e.token += 1  # what the function still sends is too late
    e.invocations += 1
    error = _failure(report.result)
    turn.events.append(
        invocation_completed(tx.now if began is None else began, report.effect_id, error, tx.now)
    )
    if e.is_running:
        if error is None:
            _judge(turn, report.result["payload"])
        else:
            _again(turn, report.result["status"], error)
    if e.status == "PAUSING":
        take_hold(turn)
    turn.close()


def _failure(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """The error of an invocation that failed, as an ErrorObject."""
    match result["status"]:
        case "ok":
            return None
        case "error":
            return error_object(result["payload"])
        case status:
            return _error(result.get("code") or f"Lambda.{status}", result["message"] or status)


def error_object(payload: bytes) -> dict[str, Any]:
    """Lambda's error payload as an ErrorObject."""
    try:
        told = orjson.loads(payload)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        return _error(None, payload.decode("utf-8", "replace"))
    trace = told.get("stackTrace")
    made = {"ErrorType": told.get("errorType"), "ErrorMessage": told.get("errorMessage")}
    texts = {key: value for key, value in made.items() if isinstance(value, str)}
    if isinstance(trace, list) and trace and all(isinstance(line, str) for line in trace):
        return {**texts, "StackTrace": trace}
    return texts


def _error(kind: str | None, message: str) -> dict[str, Any]:
    return ({"ErrorType": kind} if kind else {}) | {"ErrorMessage": message}


def _judge(turn: Turn, payload: bytes) -> None:
    """What the function said: it is done, it failed, or it waits."""
    try:
        output = checked_output(_read(payload))
    except ServiceError as refusal:
        end(turn, "FAILED", error=_error(refusal.code, refusal.message))
        return
    if output["Status"] == "PENDING":
        _suspend(turn)
    elif output["Status"] == "FAILED":
        end(turn, "FAILED", error=output.get("Error") or {})
    else:
        end(turn, "SUCCEEDED", result=output.get("Result"))


def _read(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None


def _suspend(turn: Turn) -> None:
    """Invoked again when an operation it waits for changes, or at once if one has."""
    e = turn.e
    turn.fire_due()
    if e.changes > e.seen:
        e.failures = e.setbacks = 0
        turn.invoke()
    elif rows.is_anything_pending(turn.tx, e.id):
        e.failures = e.setbacks = 0
    else:
        e.failures += 1
        error = _error("InvalidParameterValueException", NOTHING_PENDING)
        _retry_or_fail(turn, EMPTY_PENDINGS_MAX, error)


def _again(turn: Turn, status: str, error: dict[str, Any]) -> None:
    e = turn.e
    if status == "error" or error["ErrorType"] == "InvalidZipFileException":
        e.failures, e.setbacks = e.failures + 1, 0
        _retry_or_fail(turn, FAILURES_MAX, error)
        return
    due = turn.tx.now + _pause(e.setbacks)
    e.setbacks += 1
    if _is_too_old(turn, due):
        end(turn, "FAILED", error=_error(TOO_OLD, "The event waited too long to be run."))
    else:
        turn.invoke(due=due)


def _is_too_old(turn: Turn, due: float) -> bool:
    """An event that no invocation has answered yet keeps to its MaximumEventAge, as others do."""
    e = turn.e
    if e.origin != "event" or e.invocations > e.setbacks:
        return False
    policy = sql.event_policy(sql.event_invoke(turn.tx, e.function, e.qualifier))
    return due - e.started > policy.max_age_s


def _retry_or_fail(turn: Turn, most: int, error: dict[str, Any]) -> None:
    if turn.e.failures >= most:
        end(turn, "FAILED", error=error)
    else:
        turn.invoke(due=turn.tx.now + _pause(turn.e.failures - 1))


def _pause(before: int) -> float:
    return float(min(BACKOFF_FIRST_S * 2.0 ** min(before, 10), BACKOFF_MAX_S))
