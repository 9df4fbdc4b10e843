"""A received message as ReceiveMessage shows it. Pure. Source: ReceiveMessage, Message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from owari.services.sqs.core import Queue
from owari.services.sqs.message import sequence_number
from owari.services.sqs.message_attributes import md5_of
from owari.services.sqs.receipts import Receipt, handle_of
from owari.services.sqs.text import md5_of_text


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it is after it was received. `receives` counts those of this queue, `before`
    those of queues it was in before."""

    seq: int
    id: str
    body: str
    attributes: dict[str, Any]
    trace: str | None
    sender: str
    sent: float
    receives: int
    before: int
    first_received: float
    group: str | None
    deduplication: str | None
    source: str | None


def shown(queue: Queue, message: Received, params: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": handle_of(
            Receipt(queue.number, message.seq, message.receives, message.id)
        ),
        "MD5OfBody": md5_of_text(message.body),
        "Body": message.body,
    }
    asked = {
        *(params.get("AttributeNames") or ()),
        *(params.get("MessageSystemAttributeNames") or ()),
    }
    if asked:
        every = _system_attributes(queue, message)
        answer["Attributes"] = {n: v for n, v in every.items() if "All" in asked or n in asked}
    attributes = _named(message.attributes, params.get("MessageAttributeNames") or ())
    if attributes:
        answer["MD5OfMessageAttributes"] = md5_of(attributes)
        answer["MessageAttributes"] = attributes
    return answer


def _system_attributes(queue: Queue, message: Received) -> dict[str, str]:
    every = {
        "SenderId": message.sender,
        "SentTimestamp": str(int(message.sent * 1000)),
        "ApproximateReceiveCount": str(message.before + message.receives),
        "ApproximateFirstReceiveTimestamp": str(int(message.first_received * 1000)),
        "MessageGroupId": message.group,
        "MessageDeduplicationId": message.deduplication,
        "SequenceNumber": sequence_number(message.seq) if queue.fifo else None,
        "AWSTraceHeader": message.trace,
        "DeadLetterQueueSourceArn": message.source,
    }
    return {name: value for name, value in every.items() if value is not None}


def _named(attributes: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """`All` and `.*` are all of them, `bar.*` those that start with `bar`."""
    exact = set(names)
    if exact & {"All", ".*"}:
        return attributes
    prefixes = tuple(name[:-2] for name in exact if name.endswith(".*"))
    return {n: v for n, v in attributes.items() if n in exact or n.startswith(prefixes)}
