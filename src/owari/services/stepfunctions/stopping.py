"""Stopping executions from outside."""

from __future__ import annotations

from owari.services.stepfunctions.advance import advance
from owari.services.stepfunctions.asl.reports import Abort
from owari.store.tx import Tx


def stop(tx: Tx, execution: int, error: str | None, cause: str | None) -> None:
    advance(tx, execution, Abort(error, cause))


def stop_all(tx: Tx, machine: str) -> None:
    """Of a machine that is being deleted."""
    rows = tx.all(
        "SELECT id FROM sfn_execution WHERE account = ? AND region = ? AND machine = ?"
        " AND status = 'RUNNING' AND status <> 'SUCCEEDED'",
        tx.account,
        tx.region,
        machine,
    )
    for row in rows:
        stop(tx, row["id"], None, None)
