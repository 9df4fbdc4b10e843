"""Long polls: parked on their queue, woken by what arrives and by what comes into sight again.

Nothing polls: a send notifies the queue's channel, and for a message that is delayed or in flight
one alarm per queue is set, at the earliest time anybody waits for.
"""

from __future__ import annotations

from owari.effects import ReplyTo, Report, Wake
from owari.services.sqs import groups, messages, rows
from owari.services.sqs.core import Queue
from owari.store.tx import Tx
from owari.wire.operation import Park, reaction


def park(tx: Tx, queue: Queue, until: float) -> Park:
    at = groups.next_available(tx, queue) if queue.fifo else messages.next_visible(tx, queue)
    if at is not None and at < until and (queue.alarm is None or at < queue.alarm):
        tx.emit(Wake(), due=at, reply_to=ReplyTo("sqs", "alarm", str(queue.number)))
        rows.set_alarm(tx, queue, at)
    return Park(queue.channel, until, keep=True)


@reaction("sqs", "alarm")
def on_alarm(tx: Tx, report: Report) -> None:
    rows.clear_alarm(tx, int(report.key))
    tx.notify(f"sqs/{report.key}")
