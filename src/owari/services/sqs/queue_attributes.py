"""Attributes of queues: which there are, which values they take, how they are shown. Pure.

Source: SQS API Reference, CreateQueue, SetQueueAttributes, GetQueueAttributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from owari import policy_text
from owari.errors import ServiceError
from owari.services.sqs.core import DEFAULTS, Queue
from owari.services.sqs.faults import bad_attribute, invalid_value, unknown_attribute
from owari.services.sqs.redrive import normal_allow_policy, normal_redrive_policy

_NUMBERS = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
_CHOICES = {
    "ContentBasedDeduplication": ("true", "false"),
    "DeduplicationScope": ("messageGroup", "queue"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
    "SqsManagedSseEnabled": ("true", "false"),
}
_FIFO_DEFAULTS = {
    "FifoQueue": "true",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
_OF_FIFO = frozenset(_FIFO_DEFAULTS)
_TEXTS = ("KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy")
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)
_SHOWN_ONLY = ("CreatedTimestamp", "LastModifiedTimestamp", "QueueArn")
_EVERY = {*_NUMBERS, *_CHOICES, *_TEXTS, *COUNTS, *_SHOWN_ONLY, "FifoQueue", "All"}
_OF_MESSAGES = {
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
}


def is_fifo(attributes: Mapping[str, str]) -> bool:
    value = attributes.get("FifoQueue")
    if value is not None and value != "true":
        raise unknown_attribute("FifoQueue") if value == "false" else bad_attribute("FifoQueue")
    return value == "true"


def normal(given: Mapping[str, str], fifo: bool) -> dict[str, str]:
    """The attributes as they are kept; an empty value takes its attribute away."""
    return {name: _normal(name, value, fifo) for name, value in given.items()}


def _normal(name: str, value: str, fifo: bool) -> str:
    if name not in _EVERY or name in (*COUNTS, *_SHOWN_ONLY, "All"):
        raise unknown_attribute(name)
    if name in _OF_FIFO and not fifo:
        raise unknown_attribute(name)
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        if not re.fullmatch(r"[0-9]{1,8}", value) or not low <= int(value) <= high:
            raise bad_attribute(name)
        return str(int(value))
    if name in _CHOICES and value not in _CHOICES[name]:
        raise bad_attribute(name)
    return _normal_text(name, value) if value else ""


def _normal_text(name: str, value: str) -> str:
    match name:
        case "Policy":
            return _policy(value)
        case "RedrivePolicy":
            return normal_redrive_policy(value)
        case "RedriveAllowPolicy":
            return normal_allow_policy(value)
        case _:
            return value


def _policy(text: str) -> str:
    if not policy_text.has_statements(text):
        raise bad_attribute("Policy")
    return text


def merged(kept: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Checks what attributes ask of each other, too."""
    both = {name: value for name, value in {**kept, **changes}.items() if value}
    if (
        both.get("FifoThroughputLimit") == "perMessageGroupId"
        and both.get("DeduplicationScope") != "messageGroup"
    ):
        raise invalid_value(
            "perMessageGroupId",
            "FifoThroughputLimit",
            "The perMessageGroupId value is allowed only when the value for DeduplicationScope is"
            " messageGroup.",
        )
    if changes.get("KmsMasterKeyId") and changes.get("SqsManagedSseEnabled") == "true":
        raise invalid_value(
            "true",
            "SqsManagedSseEnabled",
            "You can use one type of server-side encryption (SSE) at one time.",
        )
    if changes.get("KmsMasterKeyId"):
        both["SqsManagedSseEnabled"] = "false"
    elif changes.get("SqsManagedSseEnabled") == "true":
        both.pop("KmsMasterKeyId", None)
    return both


def check_same(queue: Queue, asked: Mapping[str, str]) -> None:
    """Creating again answers the same queue, unless it is asked to be another."""
    shown = settings_of(queue)
    for name, value in asked.items():
        if shown.get(name, "") != value:
            raise ServiceError(
                "QueueNameExists",
                "A queue already exists with the same name and a different value for attribute"
                f" {name}",
                status=400,
            )


def settings_of(queue: Queue) -> dict[str, str]:
    shown = DEFAULTS | {"SqsManagedSseEnabled": "true"}
    if queue.fifo:
        shown |= _FIFO_DEFAULTS
    if "KmsMasterKeyId" in queue.attributes:
        shown["KmsDataKeyReusePeriodSeconds"] = "300"
    return shown | queue.attributes


def described(queue: Queue, counts: Mapping[str, int]) -> dict[str, str]:
    return {
        "QueueArn": queue.arn,
        **{name: str(counts[name]) for name in COUNTS if name in counts},
        "CreatedTimestamp": str(int(queue.created)),
        "LastModifiedTimestamp": str(int(queue.modified)),
        **settings_of(queue),
    }


def check_system_names(names: Iterable[str]) -> None:
    """ReceiveMessage takes the names of queue attributes, too, and shows nothing for them."""
    for name in set(names) - _EVERY - _OF_MESSAGES:
        raise unknown_attribute(name)


def chosen(names: Iterable[str]) -> set[str]:
    """The attributes asked for; every one when `All` is among them."""
    asked = set(names)
    for name in asked - _EVERY:
        raise unknown_attribute(name)
    return _EVERY if "All" in asked else asked


def counted(names: Iterable[str]) -> bool:
    """Do they need the messages to be counted?"""
    return any(name in COUNTS for name in names)


def as_settings(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in attributes.items()}
