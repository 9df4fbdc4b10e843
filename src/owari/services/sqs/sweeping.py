"""What is dropped in the background: messages past their retention, and discarded piles.

Nobody is ever given an expired message, swept or not; sweeping gives the room back.
"""

from __future__ import annotations

from owari.effects import ReplyTo, Report, Wake
from owari.services.sqs import duplicates, groups, messages, rows
from owari.services.sqs.core import Queue
from owari.store.tx import Tx
from owari.wire.operation import reaction

SLICE = 500  # rows per transaction
_PAUSE_S = 60.0


def ensure(tx: Tx, queue: Queue) -> None:
    """A queue that got a message will be swept when the first can have expired."""
    if queue.sweep is None:
        _plan(tx, queue, tx.now + queue.seconds("MessageRetentionPeriod"))


def _plan(tx: Tx, queue: Queue, due: float) -> None:
    reply_to = ReplyTo("sqs", "sweep", str(queue.number))
    rows.set_sweep(tx, queue, tx.emit(Wake(), due=due, reply_to=reply_to))


@reaction("sqs", "sweep")
def on_sweep_due(tx: Tx, report: Report) -> None:
    queue = rows.find_by_number(tx, int(report.key))
    if queue is None or queue.sweep != report.effect_id:
        return
    before = queue.expired_before(tx.now)
    oldest = messages.oldest(tx, queue, SLICE)
    expired = [row for row in oldest if row["sent"] <= before]
    for row in expired:
        messages.delete(tx, queue, row["seq"])
    if queue.fifo:
        for group in sorted({row["group_id"] for row in expired}):
            groups.settle(tx, queue, group)
    left = [row["sent"] for row in oldest if row["sent"] > before]
    if len(expired) == SLICE:
        _plan(tx, queue, tx.now)
    elif left:
        due = min(left) + queue.seconds("MessageRetentionPeriod")
        _plan(tx, queue, max(due, tx.now + _PAUSE_S))
    else:
        rows.set_sweep(tx, queue, None)


def discard(tx: Tx, pile: int, number: int | None = None) -> None:
    """Have a pile that no queue has any more deleted, and what `number` remembered with it."""
    key = f"{pile} {number or 0}"
    tx.emit(Wake(), reply_to=ReplyTo("sqs", "discard", key))


@reaction("sqs", "discard")
def on_discard_due(tx: Tx, report: Report) -> None:
    pile, number = map(int, report.key.split(" "))
    gone = (
        messages.discard(tx, pile, SLICE),
        groups.discard(tx, pile, SLICE),
        duplicates.discard(tx, number, SLICE) if number else 0,
    )
    if max(gone) >= SLICE:
        discard(tx, pile, number)
