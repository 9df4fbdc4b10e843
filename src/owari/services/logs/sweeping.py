"""The wake-ups that clear away: hourly, at once when much was written, after a deletion."""

from __future__ import annotations

from owari.effects import ReplyTo, Wake
from owari.store import outbox, sweeps
from owari.store.tx import Tx

SWEEP = ReplyTo("logs", "sweep", "")
TRIM = ReplyTo("logs", "trim", "")
SWEEP_EVERY_S = 3600.0


def ensure_sweep(tx: Tx) -> None:
    """Have retention looked after from now on."""
    sweeps.ensure(tx, SWEEP, SWEEP_EVERY_S)


def ensure_trim(tx: Tx) -> None:
    """Have the bound on the size of all logs looked after soon."""
    if not outbox.waiting_for(tx.connection, TRIM):
        tx.emit(Wake(), reply_to=TRIM)


def purge(tx: Tx, *, group: int | None = None, stream: int | None = None) -> None:
    """Have the chunks of a deleted group or stream cleared away."""
    data = {"group": group, "stream": stream}
    tx.emit(Wake(data), reply_to=ReplyTo("logs", "purge", str(stream or group)))
