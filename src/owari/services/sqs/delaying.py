"""A FIFO queue's delay holds for what it has already, some messages per transaction.

Source: SQS Developer Guide, "Amazon SQS delay queues".
"""

from __future__ import annotations

from owari.effects import ReplyTo, Report, Wake
from owari.services.sqs import groups, messages, rows
from owari.services.sqs.core import Queue
from owari.store.tx import Tx
from owari.wire.operation import reaction

SLICE = 500  # messages per transaction


def delay_again(tx: Tx, queue: Queue, after: int = 0) -> None:
    """Those behind the message `after`."""
    found = messages.delay_again(tx, queue, queue.seconds("DelaySeconds"), after, SLICE)
    for group in sorted({row["group_id"] for row in found}):
        groups.settle(tx, queue, group)
    tx.notify(queue.channel)
    if len(found) == SLICE:
        rest = Wake({"after": found[-1]["seq"]})
        tx.emit(rest, reply_to=ReplyTo("sqs", "delay", str(queue.number)))


@reaction("sqs", "delay")
def on_delay_due(tx: Tx, report: Report) -> None:
    queue = rows.find_by_number(tx, int(report.key))
    if queue is not None and report.result is not None:
        delay_again(tx, queue, report.result["after"])
