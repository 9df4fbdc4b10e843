"""A published message: checked, and held as it will be delivered. Pure.

Source: SNS API Reference, Publish, PublishBatch, MessageAttributeValue; SNS Developer Guide,
"Amazon SNS message attributes".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from owari.services.sns.faults import invalid, invalid_value

SUBJECT_MAX = 100
_TOKEN = re.compile(r"[\x21-\x7e]{1,128}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_TYPES = ("Binary", "Number", "String")

Attribute = dict[str, Any]  # DataType, and StringValue or BinaryValue


@dataclass(frozen=True, slots=True)
class Message:
    """`bodies` are those of protocols that get a text of their own (MessageStructure=json)."""

    id: str
    topic_arn: str
    subject: str | None
    default: str
    bodies: dict[str, str]
    attributes: dict[str, Attribute]
    timestamp: float  # service time, epoch seconds
    group: str | None = None
    deduplication: str | None = None
    sequence: str | None = None

    def body_for(self, protocol: str) -> str:
        return self.bodies.get(protocol, self.default)

    def as_json(self) -> dict[str, Any]:
        """For an effect's payload; binary values stay bytes."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Ordering:
    """What makes a FIFO message: its group and its deduplication id."""

    group: str | None = None
    deduplication: str | None = None


def check_entry(entry: Mapping[str, Any], size_max: int) -> None:
    """Everything that AWS checks of one message whatever the topic. Sizes in bytes."""
    if not entry["Message"]:
        raise invalid("Empty message")
    _check_subject(entry.get("Subject"))
    check_attributes(entry.get("MessageAttributes") or {})
    if size_of(entry) > size_max:
        raise invalid("Message too long")


def _check_subject(subject: str | None) -> None:
    if subject is None:
        return
    if not 1 <= len(subject) <= SUBJECT_MAX or any(ord(c) < 32 or ord(c) == 127 for c in subject):
        raise invalid("Subject")


def size_of(entry: Mapping[str, Any]) -> int:
    """Bytes of the body and of every attribute's name, type and value."""
    size = len(entry["Message"].encode())
    for name, attribute in (entry.get("MessageAttributes") or {}).items():
        size += len(name.encode()) + len(attribute.get("DataType", "").encode())
        size += len(attribute.get("StringValue", "").encode())
        size += len(attribute.get("BinaryValue", b""))
    return size


def texts(entry: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The default body, and the bodies of single protocols."""
    structure = entry.get("MessageStructure")
    if not structure:
        return entry["Message"], {}
    if structure != "json":
        raise invalid("MessageStructure")
    try:
        document = json.loads(entry["Message"], object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    bodies = {name: body for name, body in document.items() if isinstance(body, str)}
    if "default" not in bodies:
        raise invalid("Message Structure - No default entry in JSON message body")
    return bodies.pop("default"), bodies


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("duplicate key")
    return document


def ordering(entry: Mapping[str, Any], fifo: bool, content_based: bool) -> Ordering:
    group, deduplication = entry.get("MessageGroupId"), entry.get("MessageDeduplicationId")
    for name, value in (("MessageGroupId", group), ("MessageDeduplicationId", deduplication)):
        if value is not None and not _TOKEN.fullmatch(value):
            raise invalid(
                f"{name} Reason: can only include alphanumeric and punctuation characters."
                " 1 to 128 in length"
            )
    if not fifo:
        if deduplication is not None:
            raise invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId"
                " parameter that is not valid for this topic type"
            )
        return Ordering(group)
    if group is None:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    if deduplication is None and not content_based:
        raise invalid(
            "The topic should either have ContentBasedDeduplication enabled or"
            " MessageDeduplicationId provided explicitly"
        )
    digest = hashlib.sha256(entry["Message"].encode()).hexdigest()
    return Ordering(group, deduplication or digest)


def check_attributes(attributes: Mapping[str, Attribute]) -> None:
    for name, attribute in attributes.items():
        _check_attribute_name(name)
        _check_attribute(name, attribute)


def _check_attribute_name(name: str) -> None:
    if not name:
        raise invalid_value("The message attribute name can not be empty.")
    if len(name.encode()) > 256:
        raise invalid_value("Length of message attribute name must be less than 256 bytes.")
    if not _ATTRIBUTE_NAME.fullmatch(name):
        bad = next(c for c in name if not _ATTRIBUTE_NAME.fullmatch(c))
        raise invalid_value(
            f"Invalid non-alphanumeric character '#x{ord(bad):X}' was found in the message"
            " attribute name. Can only include alphanumeric characters, hyphens, underscores, or"
            " dots."
        )
    if name.startswith(".") or name.endswith("."):
        raise invalid_value("Message attribute name can not start or end with '.' character.")
    if ".." in name:
        raise invalid_value("Message attribute name can not have successive '.' characters.")
    if name.lower().startswith(("aws.", "amazon.")):
        raise invalid_value(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'."
            " These strings are reserved for internal use."
        )


def _check_attribute(name: str, attribute: Attribute) -> None:
    kind = attribute.get("DataType", "")
    if not kind:
        raise invalid_value(
            f"The message attribute '{name}' must contain non-empty message attribute type."
        )
    prefix = kind.partition(".")[0]
    if prefix not in _TYPES:
        raise invalid_value(
            f"The message attribute '{name}' has an invalid message attribute type, the set of"
            " supported type prefixes is Binary, Number, and String."
        )
    text, binary = attribute.get("StringValue"), attribute.get("BinaryValue")
    if text and binary:
        raise invalid_value(f"Message attribute '{name}' has multiple values.")
    if not (binary if prefix == "Binary" else text):
        raise invalid_value(
            f"The message attribute '{name}' must contain non-empty message attribute value for"
            f" message attribute type '{kind}'."
        )
    if prefix == "Number" and not _NUMBER.fullmatch(text or ""):
        raise invalid_value(f"Could not cast message attribute '{name}' value to number.")
