"""What the SDK in the function calls: checkpoints, and the rest of the state it replays.

A checkpoint token is good for one checkpoint of one invocation. The same call again (its client
token tells) gets its answer again: its updates are not applied twice.
"""

from __future__ import annotations

from typing import Any

from owari.services.lambda_.durable import chaining, rows
from owari.services.lambda_.durable.checking import check, check_batch, check_totals, size_of
from owari.services.lambda_.durable.ending import end
from owari.services.lambda_.durable.lookup import execution_of
from owari.services.lambda_.durable.naming import callback_id, checkpoint_token
from owari.services.lambda_.durable.operations import Update, applied
from owari.services.lambda_.durable.pausing import interrupt
from owari.services.lambda_.durable.rows import Execution
from owari.services.lambda_.durable.state import PAGE_MAX, shown, state_page
from owari.services.lambda_.durable.turns import Turn
from owari.services.lambda_.faults import invalid
from owari.store.encode import dumps, loads
from owari.store.tx import Tx
from owari.wire.operation import Answer, Params, Park, Result, operation

STATE_PAGE = 100
FAREWELL_S = 5.0


@operation("lambda", "CheckpointDurableExecution")
def checkpoint_durable_execution(tx: Tx, p: Params) -> Answer:
    """A function that is to pause gets no answer: it is stopped while it waits for one."""
    e = execution_of(tx, p["DurableExecutionArn"])
    token, client = p["CheckpointToken"], p.get("ClientToken")
    if e is None or e.prepared is None or not e.is_running:
        raise _bad_token()
    turn = Turn(tx, e)
    said = rows.text(tx, e.id, "checkpoint")
    last = loads(said) if said else None
    if last is not None and client is not None and last[:2] == [client, token]:
        return _answer(turn, last[2])
    if token != checkpoint_token(e.id, e.token):
        raise _bad_token()
    seen = e.seen
    _apply(turn, p.get("Updates") or [])
    e.token += 1
    if e.is_running:
        rows.put_text(tx, e.id, "checkpoint", dumps([client, token, seen]))
        turn.fire_due()
    if e.status == "PAUSING":
        interrupt(turn)
        turn.close()
        return Park(f"lambda-durable-paused:{e.id}", tx.now + FAREWELL_S, keep=True)
    return _answer(turn, seen)


def _bad_token() -> Exception:
    return invalid("Invalid checkpoint token")


def _answer(turn: Turn, seen: int) -> dict[str, Any]:
    """The new token, and every operation that changed since the function was told last."""
    e = turn.e
    news = rows.changed_since(turn.tx, e.id, seen)
    e.seen = e.changes
    turn.close()
    return {
        "CheckpointToken": checkpoint_token(e.id, e.token),
        "NewExecutionState": {"Operations": shown(news)},
    }


def _apply(turn: Turn, updates: list[Update]) -> None:
    check_batch(updates)
    for update in updates:
        op = turn.find(update["Id"])
        parent = turn.find(update["ParentId"]) if update.get("ParentId") else None
        check(update, op, parent, is_child=turn.e.parent is not None)
        turn.e.size += size_of(update)
        if update["Type"] == "EXECUTION":
            _end(turn, update)
            return
        made = applied(op, update, turn.tx.now, _new_callback(turn, update))
        if made.type == "CHAINED_INVOKE":
            chaining.begin(turn, made, update)
        else:
            turn.put(made, update)
    check_totals(turn.e.operations, turn.e.size)


def _new_callback(turn: Turn, update: Update) -> str:
    if update["Type"] != "CALLBACK":
        return ""
    return callback_id(turn.e.id, update["Id"], turn.tx.new_id())


def _end(turn: Turn, update: Update) -> None:
    if update["Action"] == "SUCCEED":
        end(turn, "SUCCEEDED", result=update.get("Payload"))
    else:
        end(turn, "FAILED", error=update.get("Error") or {})


@operation("lambda", "GetDurableExecutionState", reads=True)
def get_durable_execution_state(tx: Tx, p: Params) -> Result:
    e = execution_of(tx, p["DurableExecutionArn"])
    if e is None or not _is_current(e, p["CheckpointToken"]):
        raise _bad_token()
    most = min(p.get("MaxItems") or STATE_PAGE, PAGE_MAX)
    return state_page(tx, e, _position(p.get("Marker")), most)


def _is_current(e: Execution, token: str) -> bool:
    return e.is_running and e.prepared is not None and token == checkpoint_token(e.id, e.token)


def _position(marker: str | None) -> int:
    if not marker:
        return -1
    if not marker.isdecimal() or len(marker) > 18:
        raise invalid("Invalid marker")
    return int(marker)
