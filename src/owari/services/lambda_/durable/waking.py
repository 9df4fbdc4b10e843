"""The timer of an execution: waits, retries, callbacks nobody answers, and its own time."""

from __future__ import annotations

from owari.effects import Report
from owari.services.lambda_.durable.ending import end
from owari.services.lambda_.durable.turns import turn_of
from owari.store.tx import Tx
from owari.wire.operation import reaction


@reaction("lambda", "durable-timer")
def on_time(tx: Tx, report: Report) -> None:
    turn = turn_of(tx, int(report.key))
    if turn is None or not turn.e.is_running or turn.e.wake != report.effect_id:
        return
    turn.e.wake = turn.e.wake_due = None
    if turn.e.timeout_at <= tx.now:
        message = f"Execution timed out after {turn.e.timeout_s} seconds"
        end(turn, "TIMED_OUT", error={"ErrorType": "Execution.Timeout", "ErrorMessage": message})
    else:
        turn.fire_due()
        if turn.e.changes > turn.e.seen:
            turn.invoke()
    turn.close()
