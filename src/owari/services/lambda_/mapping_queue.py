"""A mapping's queue, met through its public operations only."""

from __future__ import annotations

from typing import Any

from owari.arn import queue_url
from owari.errors import ServiceError
from owari.services.lambda_.mapping import Mapping
from owari.store.tx import Tx

DELETE_MAX = 10  # entries of a DeleteMessageBatch
POLL_S = 20

Message = dict[str, Any]
Receipt = tuple[str, str]  # a message's id and its receipt handle


def asking(tx: Tx, m: Mapping, most: int, wait_s: int) -> dict[str, Any]:
    """The parameters of ReceiveMessage."""
    return {
        "QueueUrl": queue_url(tx.endpoint, m.source),
        "MaxNumberOfMessages": most,
        "WaitTimeSeconds": wait_s,
        "MessageSystemAttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    }


def receive(tx: Tx, m: Mapping, most: int) -> list[Message]:
    """What is there now. Raises the queue's ServiceError."""
    found: list[Message] = tx.call("sqs", "ReceiveMessage", asking(tx, m, most, 0)).get(
        "Messages", []
    )
    return found


def delete(tx: Tx, m: Mapping, receipts: list[Receipt]) -> None:
    """A message that is gone, or was received by another meanwhile, is none of ours any more."""
    for at in range(0, len(receipts), DELETE_MAX):
        some = receipts[at : at + DELETE_MAX]
        entries = [{"Id": str(n), "ReceiptHandle": handle} for n, (_, handle) in enumerate(some)]
        asked = {"QueueUrl": queue_url(tx.endpoint, m.source), "Entries": entries}
        try:
            tx.call("sqs", "DeleteMessageBatch", asked)
        except ServiceError:
            return  # with its queue


def visibility_timeout(tx: Tx, m: Mapping) -> float:
    """Raises the queue's ServiceError when it is not there."""
    asked = {"QueueUrl": queue_url(tx.endpoint, m.source), "AttributeNames": ["VisibilityTimeout"]}
    return float(tx.call("sqs", "GetQueueAttributes", asked)["Attributes"]["VisibilityTimeout"])


def receipt(message: Message) -> Receipt:
    return message["MessageId"], message["ReceiptHandle"]


def trouble(error: ServiceError) -> str:
    return f"ReceiveMessage failed: {error.code}: {error.message}"
