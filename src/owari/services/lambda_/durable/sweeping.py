"""Forgetting durable executions whose retention is over: hourly, in bounded steps, for as long as
there are ended ones."""

from __future__ import annotations

from owari.effects import ReplyTo, Report, Wake
from owari.services.lambda_.durable import rows
from owari.store import outbox
from owari.store.tx import Tx
from owari.wire.operation import reaction

SWEEP = ReplyTo("lambda", "sweep", "")
SWEEP_EVERY_S = 3600.0
PAUSE_S = 0.05  # between two steps
EXECUTIONS_AT_ONCE = 50


def ensure_sweep(tx: Tx) -> None:
    """An execution has ended."""
    if not outbox.waiting_for(tx.connection, SWEEP):
        tx.emit(Wake(), due=tx.now + SWEEP_EVERY_S, reply_to=SWEEP)


@reaction("lambda", "sweep")
def on_sweep(tx: Tx, report: Report) -> None:
    if rows.forget_expired(tx, EXECUTIONS_AT_ONCE):
        tx.again(report, due=tx.now + PAUSE_S)
    elif tx.one("SELECT 1 FROM lambda_durable WHERE expires IS NOT NULL LIMIT 1") is not None:
        tx.again(report, due=tx.now + SWEEP_EVERY_S)
