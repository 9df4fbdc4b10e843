"""Message attributes: what they may be, how large they are, their MD5. Pure.

Source: SQS Developer Guide, "Amazon SQS message metadata" (components, data types,
"Calculating the MD5 message digest for message attributes").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from owari.message_text import has_invalid_characters
from owari.services.sqs.faults import invalid, invalid_value

ATTRIBUTES_MAX = 10
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_STRING, _BINARY = b"\x01", b"\x02"


def check_attributes(attributes: Mapping[str, Any]) -> None:
    if len(attributes) > ATTRIBUTES_MAX:
        raise invalid(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum"
            f" [{ATTRIBUTES_MAX}]."
        )
    for name, attribute in attributes.items():
        _check_name(name)
        _check_value(name, attribute)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise invalid(
            f"The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z,"
            " 0-9, underscore (_), hyphen (-), and period (.) characters, and be 1 to 256 long."
        )
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise invalid(
            f"The message attribute name '{name}' is invalid. Attribute name must not start or end"
            " with a period, or have periods in succession."
        )
    if name.lower().startswith(("aws.", "amazon.")):
        raise invalid(
            f"The message attribute name '{name}' is invalid. Attribute name must not start with"
            " AWS-reserved prefixes like AWS. or Amazon."
        )


def _check_value(name: str, attribute: Mapping[str, Any]) -> None:
    kind = attribute.get("DataType") or ""
    if not kind:
        raise invalid(
            f"The message attribute '{name}' must contain non-empty message attribute type."
        )
    base = kind.partition(".")[0]
    if base not in ("String", "Number", "Binary") or len(kind) > 256:
        raise invalid(
            f"The type of message (user) attribute '{name}' is invalid. You must use only the"
            " following supported type prefixes: Binary, Number, String."
        )
    if attribute.get("StringListValues") or attribute.get("BinaryListValues"):
        raise invalid("Message attribute list values in SendMessage operation are not supported.")
    value = attribute.get("BinaryValue" if base == "Binary" else "StringValue")
    other = attribute.get("StringValue" if base == "Binary" else "BinaryValue")
    if not value or other:
        raise invalid(
            f"Message (user) attribute '{name}' must contain a non-empty value of type '{base}'."
        )
    if base != "Binary" and has_invalid_characters(value):
        raise invalid(f"The value of message attribute '{name}' has invalid characters.")
    if base == "Number" and not _NUMBER.fullmatch(value):
        raise invalid(f"Can't cast the value of message attribute '{name}' to a number.")


def check_system_attributes(attributes: Mapping[str, Any]) -> None:
    for name, attribute in attributes.items():
        if name != "AWSTraceHeader":
            raise invalid(
                f"Message system attribute name '{name}' is invalid: AWSTraceHeader is the one"
                " there is."
            )
        if attribute.get("DataType") != "String" or not attribute.get("StringValue"):
            raise invalid_value(
                name,
                "MessageSystemAttributeName",
                "AWSTraceHeader must be a String with a value.",
            )


def size_of(attributes: Mapping[str, Any]) -> int:
    """Bytes of every attribute's name, type and value."""
    size = 0
    for name, attribute in attributes.items():
        size += len(name.encode()) + len((attribute.get("DataType") or "").encode())
        size += len((attribute.get("StringValue") or "").encode())
        size += len(attribute.get("BinaryValue") or b"")
    return size


def md5_of(attributes: Mapping[str, Any]) -> str:
    """Names in order; each part behind its length, a value behind the sign of its kind."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        kind = attribute["DataType"]
        _add(digest, name.encode())
        _add(digest, kind.encode())
        binary = kind.startswith("Binary")
        digest.update(_BINARY if binary else _STRING)
        _add(digest, attribute["BinaryValue"] if binary else attribute["StringValue"].encode())
    return digest.hexdigest()


def _add(digest: Any, part: bytes) -> None:
    digest.update(len(part).to_bytes(4, "big"))
    digest.update(part)
