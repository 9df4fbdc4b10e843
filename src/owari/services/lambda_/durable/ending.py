"""The end of a durable execution, and who is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from owari.services.lambda_.api_events import give_up, succeeded
from owari.services.lambda_.core import Event
from owari.services.lambda_.durable import rows
from owari.services.lambda_.durable.completing import complete_parent
from owari.services.lambda_.durable.history import execution_ended
from owari.services.lambda_.durable.rows import Execution
from owari.services.lambda_.durable.sweeping import ensure_sweep
from owari.services.lambda_.durable.turns import Turn
from owari.services.lambda_.records import Response
from owari.store.encode import dumps
from owari.store.tx import Tx

DAY_S = 86_400
TOO_OLD: Final = "EventAgeExceeded"


def channel(e: Execution) -> str:
    """Who waits for the end of an execution parks here."""
    return f"lambda-durable:{e.id}"


def end(
    turn: Turn, status: str, result: str | None = None, error: Mapping[str, Any] | None = None
) -> None:
    """The turn is still to be closed. A function that runs is stopped, unless the end is its
    own doing; what it says afterwards is not heard."""
    tx, e = turn.tx, turn.e
    assert e.is_running, f"{e.arn} ended twice"
    e.status, e.ended, e.pause = status, tx.now, None
    e.expires = tx.now + e.retention_days * DAY_S
    ensure_sweep(tx)
    e.token += 1
    if result is not None:
        rows.put_text(tx, e.id, "result", result)
    if error is not None:
        rows.put_text(tx, e.id, "error", dumps(dict(error)))
    turn.events.append(execution_ended(e.run, e.name, status, result, error, tx.now))
    rows.drop_operations(tx, e.id)
    rows.drop_text(tx, e.id, "checkpoint")
    if status in ("STOPPED", "TIMED_OUT") and e.invocation is not None:
        tx.cancel(e.invocation, status)
        e.invocation = e.prepared = None
    tx.notify(channel(e))
    _tell(tx, e, status, result, error)


def _tell(
    tx: Tx, e: Execution, status: str, result: str | None, error: Mapping[str, Any] | None
) -> None:
    if e.parent is not None:
        complete_parent(tx, e.parent, status, result, error)
    if e.origin != "event":
        return
    event = Event(
        request_id=e.request,
        name=e.function,
        qualifier=e.qualifier,
        payload=rows.text(tx, e.id, "input") or "{}",
        received=e.started,
        invocations=e.invocations,
    )
    text = answer_of(status, result, error)
    if status == "SUCCEEDED":
        succeeded(tx, event, Response(200, e.version, text))
    elif error is not None and error.get("ErrorType") == TOO_OLD:
        give_up(tx, event, TOO_OLD, None)
    else:
        problem = (error or {}).get("ErrorMessage") or status
        give_up(tx, event, "RetriesExhausted", Response(200, e.version, text, "Unhandled", problem))


def answer_of(status: str, result: str | None, error: Mapping[str, Any] | None) -> str:
    """What Invoke gives as payload: the result, or Lambda's error payload."""
    if status == "SUCCEEDED":
        return result or "null"
    error = error or {}
    told = {
        "errorType": error.get("ErrorType") or f"DurableExecution.{status}",
        "errorMessage": error.get("ErrorMessage") or "",
        "errorData": error.get("ErrorData"),
        "stackTrace": error.get("StackTrace"),
    }
    return dumps({key: value for key, value in told.items() if value is not None})
