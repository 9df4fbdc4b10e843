"""Publish and PublishBatch."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.sns import rows
from owari.services.sns.batch import check_batch
from owari.services.sns.core import Topic
from owari.services.sns.fanout import send
from owari.services.sns.faults import invalid
from owari.services.sns.message import Message, Ordering, check_entry, ordering, size_of, texts
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

DEDUPLICATION_S = 300.0
_FIRST_SEQUENCE = 10**19  # sequence numbers have 20 digits


@operation("sns", "Publish")
def publish(tx: Tx, p: Params) -> Result:
    if p.get("PhoneNumber"):
        raise ServiceError("NotImplemented", "Owari does not send SMS.", status=501)
    named = [p[name] for name in ("TopicArn", "TargetArn") if p.get(name)]
    if not named:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    if len(named) > 1:
        raise invalid("TargetArn Reason: Only one of TopicArn and TargetArn may be specified")
    topic = rows.topic_of(tx, named[0], "TopicArn" if p.get("TopicArn") else "TargetArn")
    return _publish(tx, topic, p)


@operation("sns", "PublishBatch")
def publish_batch(tx: Tx, p: Params) -> Result:
    """Entries stand alone: the ones that are wrong fail, the others are published."""
    topic = rows.topic_of(tx, p["TopicArn"])
    entries: list[Params] = p["PublishBatchRequestEntries"]
    check_batch([entry["Id"] for entry in entries], tx.limits.topic_batch_max_entries)
    if sum(size_of(entry) for entry in entries) > _size_max(tx, topic):
        raise ServiceError(
            "BatchRequestTooLong",
            "The length of all the messages put together is more than the limit.",
            status=400,
        )
    successful, failed = [], []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **_publish(tx, topic, entry)})
        except ServiceError as error:
            failed.append(
                {
                    "Id": entry["Id"],
                    "Code": error.code,
                    "Message": error.message,
                    "SenderFault": True,
                }
            )
    return {"Successful": successful, "Failed": failed}


def _size_max(tx: Tx, topic: Topic) -> int:
    return int(topic.attributes.get("MaximumMessageSize", tx.limits.topic_message_max_bytes))


def _publish(tx: Tx, topic: Topic, entry: Params) -> dict[str, Any]:
    """Checks everything before it writes anything."""
    check_entry(entry, _size_max(tx, topic))
    default, bodies = texts(entry)
    order = ordering(entry, topic.fifo, topic.attributes.get("ContentBasedDeduplication") == "true")
    known = _duplicate(tx, topic, order) if topic.fifo else None
    if known is not None:
        return known
    seq = tx.next_seq()
    message = Message(
        id=tx.new_id(),
        topic_arn=topic.arn,
        subject=entry.get("Subject"),
        default=default,
        bodies=bodies,
        attributes=entry.get("MessageAttributes") or {},
        timestamp=tx.now,
        group=order.group,
        deduplication=order.deduplication,
        sequence=str(_FIRST_SEQUENCE + seq) if topic.fifo else None,
    )
    send(tx, topic, message, until=seq)
    if message.sequence is None:
        return {"MessageId": message.id}
    _remember(tx, topic, order, message)
    return {"MessageId": message.id, "SequenceNumber": message.sequence}


def _scope(topic: Topic, order: Ordering) -> str:
    """Within what a deduplication id is unique: the topic, or the message group."""
    by_group = topic.attributes.get("FifoThroughputScope") == "MessageGroup"
    return f"group:{order.group}" if by_group else "topic"


def _duplicate(tx: Tx, topic: Topic, order: Ordering) -> dict[str, Any] | None:
    known = rows.duplicate_of(tx, topic.key, _scope(topic, order), order.deduplication or "")
    if known is None:
        return None
    return {"MessageId": known["message_id"], "SequenceNumber": known["sequence"]}


def _remember(tx: Tx, topic: Topic, order: Ordering, message: Message) -> None:
    rows.remember(
        tx,
        topic.key,
        _scope(topic, order),
        order.deduplication or "",
        message.id,
        message.sequence or "",
        tx.now + DEDUPLICATION_S,
    )
