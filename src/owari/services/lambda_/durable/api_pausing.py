"""PauseDurableExecution and ResumeDurableExecution."""

from __future__ import annotations

from owari.services.lambda_.durable import rows
from owari.services.lambda_.durable.lookup import existing_execution
from owari.services.lambda_.durable.pausing import pause, resume
from owari.services.lambda_.durable.rows import Execution
from owari.services.lambda_.durable.turns import Turn
from owari.services.lambda_.faults import conflict
from owari.store.encode import dumps, loads
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

REMEMBERED_S = 900.0  # how long a client token is good for


@operation("lambda", "PauseDurableExecution")
def pause_durable_execution(tx: Tx, p: Params) -> Result:
    e = existing_execution(tx, p["DurableExecutionArn"])
    if _is_repeated(tx, e, "pause", p.get("ClientToken")):
        return None
    if e.status != "RUNNING":
        raise conflict(f"The durable execution {e.arn} cannot be paused: it is {e.status}.")
    turn = Turn(tx, e)
    pause(turn, p.get("Reason"), holds_timeout=p.get("ExecutionTimeoutPaused") is not False)
    turn.close()
    return None


@operation("lambda", "ResumeDurableExecution")
def resume_durable_execution(tx: Tx, p: Params) -> Result:
    e = existing_execution(tx, p["DurableExecutionArn"])
    if _is_repeated(tx, e, "resume", p.get("ClientToken")):
        return None
    if e.pause is None:
        raise conflict(f"The durable execution {e.arn} cannot be resumed: it is {e.status}.")
    turn = Turn(tx, e)
    resume(turn, p.get("Reason"))
    turn.close()
    return None


def _is_repeated(tx: Tx, e: Execution, what: str, token: str | None) -> bool:
    """The same request again within 15 minutes. One that is refused leaves no trace: its
    transaction is undone."""
    said = rows.text(tx, e.id, what)
    if said is not None and token is not None:
        last, at = loads(said)
        if last == token and tx.now < at + REMEMBERED_S:
            return True
    if token is not None:
        rows.put_text(tx, e.id, what, dumps([token, tx.now]))
    return False
