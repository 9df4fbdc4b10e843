"""Forgetting durable executions whose retention is over: hourly, in bounded steps, for as long as
there are ended ones."""

from __future__ import annotations

from owari.effects import ReplyTo, Report
from owari.services.lambda_.durable import rows
from owari.store import sweeps
from owari.store.tx import Tx
from owari.wire.operation import reaction

SWEEP = ReplyTo("lambda", "sweep", "")
SWEEP_EVERY_S = 3600.0
EXECUTIONS_AT_ONCE = 50


def ensure_sweep(tx: Tx) -> None:
    """An execution has ended."""
    sweeps.ensure(tx, SWEEP, SWEEP_EVERY_S)


@reaction("lambda", "sweep")
def on_sweep(tx: Tx, report: Report) -> None:
    if rows.forget_expired(tx, EXECUTIONS_AT_ONCE):
        tx.again(report, due=tx.now + sweeps.PAUSE_S)
    elif tx.one("SELECT 1 FROM lambda_durable WHERE expires IS NOT NULL LIMIT 1") is not None:
        tx.again(report, due=tx.now + SWEEP_EVERY_S)
