"""GetQueueAttributes and SetQueueAttributes."""

from __future__ import annotations

from dataclasses import replace

from owari.services.sqs import messages, rows
from owari.services.sqs.core import Queue
from owari.services.sqs.dead_letters import check_target
from owari.services.sqs.delaying import delay_again
from owari.services.sqs.faults import unknown_attribute
from owari.services.sqs.queue_attributes import (
    as_settings,
    chosen,
    counted,
    described,
    merged,
    normal,
)
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("sqs", "GetQueueAttributes", reads=True)
def get_queue_attributes(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    names = chosen(p.get("AttributeNames") or [])
    counts = _counts(tx, queue) if counted(names) else {}
    shown = {n: v for n, v in described(queue, counts).items() if n in names}
    return {"Attributes": shown} if shown else {}


def _counts(tx: Tx, queue: Queue) -> dict[str, int]:
    return {
        "ApproximateNumberOfMessages": messages.visible_count(tx, queue),
        "ApproximateNumberOfMessagesDelayed": messages.delayed_count(tx, queue),
        "ApproximateNumberOfMessagesNotVisible": messages.in_flight_count(tx, queue),
    }


@operation("sqs", "SetQueueAttributes")
def set_queue_attributes(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    given = as_settings(p["Attributes"])
    if "FifoQueue" in given and given["FifoQueue"] != ("true" if queue.fifo else ""):
        raise unknown_attribute("FifoQueue")
    settings = merged(queue.attributes, normal(given, queue.fifo))
    changed = replace(queue, attributes=settings, modified=tx.now)
    if "RedrivePolicy" in given:
        check_target(tx, changed)
    rows.update_queue(tx, changed)
    if queue.fifo and changed.seconds("DelaySeconds") != queue.seconds("DelaySeconds"):
        delay_again(tx, changed)
    return {}
