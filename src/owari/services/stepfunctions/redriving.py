"""RedriveExecution: an execution that failed goes on from where it did."""

from __future__ import annotations

from owari.services.stepfunctions import events, executions, running
from owari.services.stepfunctions.advance import save, tell
from owari.services.stepfunctions.asl.history import EVENTS_MAX
from owari.services.stepfunctions.asl.reports import Redriven
from owari.services.stepfunctions.core import redrive_status
from owari.services.stepfunctions.faults import fault
from owari.services.stepfunctions.waking import wake_at
from owari.store.tx import Row, Tx

NOT_REDRIVABLE = "ExecutionNotRedrivable"


def redrive(tx: Tx, row: Row) -> None:
    """Raises ExecutionNotRedrivable."""
    told = redrive_status("STANDARD", row["status"], row["stopped"], tx.now)
    if told["redriveStatus"] != "REDRIVABLE":
        raise fault(NOT_REDRIVABLE, told["redriveStatusReason"])
    r = running.load(tx, row["id"])
    if row["map_run"] is not None or r is None:
        raise fault(NOT_REDRIVABLE, "Execution can only be redriven by its map run")
    if r.execution.events >= EVENTS_MAX - 1:
        raise fault(NOT_REDRIVABLE, "Execution event history size exceeded")
    executions.redriven(tx, row)
    events.announce(tx, r, "RUNNING")
    tell(tx, r, Redriven())
    if r.machine.timeout_s is not None and r.execution.status == "RUNNING":
        wake_at(tx, r, "expiry", tx.now + r.machine.timeout_s)
    save(tx, r)
