"""Messages that were received too often, and those too old: neither is given out.

Source: SQS Developer Guide, "Using dead-letter queues in Amazon SQS".
"""

from __future__ import annotations

from owari.errors import ServiceError
from owari.services.sqs import groups, messages, rows, sweeping
from owari.services.sqs.core import Queue, Redrive
from owari.services.sqs.faults import invalid_value
from owari.services.sqs.messages import Move
from owari.services.sqs.paging import page_of, place_of, token_for
from owari.services.sqs.redrive import may_feed
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation


def sift(tx: Tx, queue: Queue, found: list[Row]) -> list[Row]:
    """Those that may be given out; the expired are dropped, the dead moved on their way."""
    before, redrive = queue.expired_before(tx.now), queue.redrive
    alive = []
    for row in found:
        if row["sent"] <= before:
            messages.delete(tx, queue, row["seq"])
        elif not _bury(tx, queue, redrive, row):
            alive.append(row)
    return alive


def _bury(tx: Tx, queue: Queue, redrive: Redrive | None, row: Row) -> bool:
    """Move it to the dead-letter queue, if it is time for that and the queue is still there."""
    if redrive is None or row["receives"] < redrive.receives_max:
        return False
    dead = rows.find_queue(tx, redrive.target)
    if dead is None:
        return False
    to = Move(
        seq=tx.next_seq(),
        id=row["id"],
        sent=tx.now if dead.fifo else row["sent"],  # a FIFO queue counts the retention anew
        before=row["before"] + row["receives"],
        source=queue.arn,
    )
    messages.move(tx, queue, row["seq"], dead, to)
    arrived(tx, dead, row["group_id"], to.seq)
    return True


def arrived(tx: Tx, queue: Queue, group: str | None, seq: int) -> None:
    """A message was moved here."""
    if queue.fifo and group is not None:
        groups.joined(tx, queue, group, tx.now, seq)
    sweeping.ensure(tx, queue)
    tx.notify(queue.channel)


def check_target(tx: Tx, queue: Queue) -> None:
    """Raises unless the queue may have the RedrivePolicy it has."""
    redrive = queue.redrive
    if redrive is None:
        return
    dead = rows.find_queue(tx, redrive.target)
    if redrive.target[:2] != queue.key[:2]:
        raise _refused(
            queue, "Dead letter queue must be in the same account and region as the source queue."
        )
    if dead is None:
        raise _refused(queue, "Dead letter target does not exist.")
    if dead.fifo != queue.fifo:
        raise _refused(queue, "Dead-letter queue must be same type of queue as the source.")
    if not may_feed(dead, queue.arn):
        raise _refused(
            queue, "The dead-letter queue's redrive allow policy does not admit this queue."
        )


def _refused(queue: Queue, reason: str) -> ServiceError:
    return invalid_value(queue.attributes["RedrivePolicy"], "RedrivePolicy", reason)


@operation("sqs", "ListDeadLetterSourceQueues", reads=True)
def list_dead_letter_source_queues(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    page = page_of(p.get("MaxResults"))
    found = rows.sources_of(tx, queue.arn, place_of(p.get("NextToken")), page + 1)
    answer: dict[str, object] = {"queueUrls": [key.url(tx.address) for key in found[:page]]}
    if len(found) > page:
        answer["NextToken"] = token_for(found[page - 1].name)
    return answer
