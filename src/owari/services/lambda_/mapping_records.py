"""Messages as a function gets them, and what its answer says of each. Pure.

Sources: Lambda developer guide, "Using Lambda with Amazon SQS" (example event), "Implementing
partial batch responses" (success and failure conditions).
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from typing import Any, NamedTuple

import orjson


class Part(NamedTuple):
    """Records received together: their JSON texts joined by commas, and id and receipt of each."""

    records: str
    receipts: list[tuple[str, str]]


def record_of(message: dict[str, Any], source: str, region: str) -> dict[str, Any]:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if "StringValue" in value:
        shown["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        shown["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return shown | {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }


def event_of(records: list[str]) -> bytes:
    """The invocation's payload, from the parts of a batch."""
    return ('{"Records":[' + ",".join(records) + "]}").encode()


def failed_items(payload: bytes, ids: Collection[str]) -> set[str] | None:
    """The ids a function reports as failed; None: the whole batch counts as failed.

    Nothing, null, an empty object and a null or empty list mean that all of it is done. What
    cannot be read, an item without `itemIdentifier`, one that is null or empty and one that
    names no message of the batch fail all of it.
    """
    try:
        answer = orjson.loads(payload) if payload else None
    except orjson.JSONDecodeError:
        return None
    if answer is None:
        return set()
    if not isinstance(answer, dict):
        return None
    items = answer.get("batchItemFailures")
    if items is None:
        return set()
    if not isinstance(items, list):
        return None
    found = set()
    for item in items:
        id = item.get("itemIdentifier") if isinstance(item, dict) else None
        if not isinstance(id, str) or id not in ids:
            return None
        found.add(id)
    return found
