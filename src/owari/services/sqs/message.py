"""What a sent message must be, and where a FIFO queue puts it. Pure.

Source: SQS API Reference, SendMessage; Developer Guide, "FIFO delivery logic".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from owari.errors import ServiceError
from owari.message_text import has_invalid_characters
from owari.services.sqs.core import Queue
from owari.services.sqs.faults import invalid, invalid_value, missing
from owari.services.sqs.message_attributes import (
    check_attributes,
    check_system_attributes,
    size_of,
)

DELAY_MAX_S = 900
FIRST_SEQUENCE = 10**19  # sequence numbers have 20 digits
_TOKEN = re.compile(r"[!-~]{1,128}")  # alphanumeric characters and punctuation


class Order(NamedTuple):
    """A message's group, and under what it counts as a duplicate."""

    group: str | None
    deduplication: str | None


def check_message(entry: Mapping[str, Any], queue: Queue) -> None:
    body = entry.get("MessageBody")
    if not body:
        raise missing("MessageBody")
    if has_invalid_characters(body):
        raise ServiceError(
            "InvalidMessageContents",
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to"
            " #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
            status=400,
        )
    check_attributes(entry.get("MessageAttributes") or {})
    check_system_attributes(entry.get("MessageSystemAttributes") or {})
    size_max = queue.seconds("MaximumMessageSize")
    if bytes_of(entry) > size_max:
        raise invalid(
            "One or more parameters are invalid. Reason: Message must be shorter than"
            f" {size_max} bytes."
        )


def bytes_of(entry: Mapping[str, Any]) -> int:
    """System attributes do not count."""
    body = entry.get("MessageBody") or ""
    return len(body.encode("utf-8", "replace")) + size_of(entry.get("MessageAttributes") or {})


def delay_s(entry: Mapping[str, Any], queue: Queue) -> int:
    asked = entry.get("DelaySeconds")
    if asked is None or (queue.fifo and asked == 0):
        return queue.seconds("DelaySeconds")
    if queue.fifo:
        raise _not_for_this_type(asked, "DelaySeconds")
    if not 0 <= asked <= DELAY_MAX_S:
        reason = f"DelaySeconds must be >= 0 and <= {DELAY_MAX_S}."
        raise invalid_value(asked, "DelaySeconds", reason)
    return int(asked)


def _not_for_this_type(value: object, parameter: str) -> ServiceError:
    return invalid_value(
        value,
        parameter,
        "The request include parameter that is not valid for this queue type.",
    )


def order_of(entry: Mapping[str, Any], queue: Queue) -> Order:
    group, token = entry.get("MessageGroupId"), entry.get("MessageDeduplicationId")
    for value, name in ((group, "MessageGroupId"), (token, "MessageDeduplicationId")):
        if value is not None:
            check_token(value, name)
    if not queue.fifo:
        if token is not None:
            raise _not_for_this_type(token, "MessageDeduplicationId")
        return Order(group, None)
    if group is None:
        raise missing("MessageGroupId")
    if token is None and not queue.by_content:
        raise invalid(
            "The queue should either have ContentBasedDeduplication enabled or"
            " MessageDeduplicationId provided explicitly"
        )
    return Order(group, token or hashlib.sha256(entry["MessageBody"].encode()).hexdigest())


def check_token(value: str, parameter: str) -> None:
    if not _TOKEN.fullmatch(value):
        raise invalid_value(
            value,
            parameter,
            f"{parameter} can only include alphanumeric and punctuation characters."
            " 1 to 128 in length.",
        )


def sequence_number(seq: int) -> str:
    return str(FIRST_SEQUENCE + seq)


def sender_of(principal: str, account: str) -> str:
    """SenderId: the account for its root user, else the last part of who it is."""
    name = principal.rpartition("/")[2]
    return account if name.endswith(":root") else name
