"""A received message as ReceiveMessage shows it. Pure. Source: ReceiveMessage, Message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

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


class Wish(NamedTuple):
    """Which attributes a receive asks for. Of the message's own, `All` and `.*` are all of them,
    `bar.*` those that start with `bar`."""

    system: frozenset[str]
    names: frozenset[str]
    prefixes: tuple[str, ...]

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Wish:
        system = (
            *(params.get("AttributeNames") or ()),
            *(params.get("MessageSystemAttributeNames") or ()),
        )
        names = frozenset(params.get("MessageAttributeNames") or ())
        prefixes = tuple(name[:-2] for name in names if name.endswith(".*"))
        return cls(frozenset(system), names, prefixes)

    def chosen(self, attributes: dict[str, Any]) -> dict[str, Any]:
        if not self.names or not attributes:
            return {}
        if self.names & {"All", ".*"}:
            return attributes
        return {
            name: value
            for name, value in attributes.items()
            if name in self.names or name.startswith(self.prefixes)
        }


def shown(queue: Queue, message: Received, wish: Wish) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": handle_of(
            Receipt(queue.number, message.seq, message.receives, message.id)
        ),
        "MD5OfBody": md5_of_text(message.body),
        "Body": message.body,
    }
    if wish.system:
        every = _system_attributes(queue, message)
        if "All" not in wish.system:
            every = {name: value for name, value in every.items() if name in wish.system}
        answer["Attributes"] = every
    attributes = wish.chosen(message.attributes)
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
