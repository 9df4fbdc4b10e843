"""Looking for what is old, now and then: one wake-up of a service, for as long as it has something
to look after. Each look is short; where it leaves more, the next follows after a pause."""

from __future__ import annotations

from typing import Any

from owari.effects import ReplyTo, Wake
from owari.store import outbox
from owari.store.tx import Tx

PAUSE_S = 0.05  # between two steps of a look


def ensure(tx: Tx, sweep: ReplyTo, every_s: float, first: dict[str, Any] | None = None) -> None:
    """There is something to look after from now on. `first`: what the look begins with."""
    if not outbox.waiting_for(tx.connection, sweep):
        tx.emit(Wake(first or {}), due=tx.now + every_s, reply_to=sweep)
