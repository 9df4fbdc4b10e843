"""Queues: created, found, emptied, deleted."""

from __future__ import annotations

from owari.errors import ServiceError
from owari.services.sqs import moving, rows, sweeping
from owari.services.sqs.core import Queue, QueueKey, check_queue_name
from owari.services.sqs.dead_letters import check_target
from owari.services.sqs.faults import no_queue
from owari.services.sqs.paging import page_of, place_of, token_for
from owari.services.sqs.queue_attributes import as_settings, check_same, is_fifo, merged, normal
from owari.services.sqs.tagging import check_tags
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PURGE_PAUSE_S = 60.0


@operation("sqs", "CreateQueue")
def create_queue(tx: Tx, p: Params) -> Result:
    """A name may be used again at once: AWS's pause of 60 s (QueueDeletedRecently) covers for
    deletions that are still spreading, and here they are done."""
    given = as_settings(p.get("Attributes") or {})
    fifo = is_fifo(given)
    check_queue_name(p["QueueName"], fifo)
    asked = normal(given, fifo)
    tags = p.get("tags") or {}
    check_tags(tags)
    key = QueueKey(tx.account, tx.region, p["QueueName"])
    existing = rows.find_queue(tx, key)
    if existing is not None:
        check_same(existing, asked)
    else:
        number = tx.next_seq()
        settings = merged({}, asked)
        queue = Queue(key, number, number, settings, tx.now, tx.now, None, None, None)
        check_target(tx, queue)
        rows.insert_queue(tx, queue)
        tx.resources.created(key.arn, "AWS::SQS::Queue", tags)
    return {"QueueUrl": key.url(tx.address)}


@operation("sqs", "DeleteQueue")
def delete_queue(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    rows.delete_queue(tx, queue)
    rows.resources_of(tx, queue.key).deleted(queue.arn)
    if queue.sweep is not None:
        tx.cancel(queue.sweep)
    sweeping.discard(tx, queue.pile, queue.number)
    moving.forget(tx, queue)
    tx.notify(queue.channel)  # whoever waits learns that it is gone
    return {}


@operation("sqs", "PurgeQueue")
def purge_queue(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    if queue.purged is not None and tx.now < queue.purged + PURGE_PAUSE_S:
        raise ServiceError(
            "PurgeQueueInProgress",
            f"Only one PurgeQueue operation on {queue.key.name} is allowed every 60 seconds.",
            status=403,
        )
    rows.set_pile(tx, queue, tx.next_seq())
    sweeping.discard(tx, queue.pile)
    return {}


@operation("sqs", "GetQueueUrl", reads=True)
def get_queue_url(tx: Tx, p: Params) -> Result:
    key = QueueKey(p.get("QueueOwnerAWSAccountId") or tx.account, tx.region, p["QueueName"])
    if rows.find_queue(tx, key) is None:
        raise no_queue()
    return {"QueueUrl": key.url(tx.address)}


@operation("sqs", "ListQueues", reads=True)
def list_queues(tx: Tx, p: Params) -> Result:
    """Pages only for who asks for them; without, the first thousand."""
    page = page_of(p.get("MaxResults"))
    prefix = p.get("QueueNamePrefix") or ""
    names = rows.queue_names(tx, prefix, place_of(p.get("NextToken")), page + 1)
    if not names:
        return {}
    urls = [QueueKey(tx.account, tx.region, name).url(tx.address) for name in names[:page]]
    answer: dict[str, object] = {"QueueUrls": urls}
    if p.get("MaxResults") and len(names) > page:
        answer["NextToken"] = token_for(names[page - 1])
    return answer
