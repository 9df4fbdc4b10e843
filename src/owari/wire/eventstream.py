"""Event streams (application/vnd.amazon.eventstream): framed messages, each with its checksums.

Total length, length of the headers, CRC-32 of these two, headers, payload, CRC-32 of it all.
Source: Amazon Transcribe and S3 Select developer guides, "Event stream encoding".
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator
from typing import Any

import orjson

from owari.wire.model import Shape

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7  # the type of a header's value


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One framed message."""
    head = b"".join(map(_header, headers.items()))
    total = 12 + len(head) + len(payload) + 4
    prelude = struct.pack(">II", total, len(head))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return body + struct.pack(">I", zlib.crc32(body))


def _header(item: tuple[str, str]) -> bytes:
    name, value = (text.encode() for text in item)
    return struct.pack(">B", len(name)) + name + struct.pack(">BH", _STRING, len(value)) + value


def event(shape: Shape, value: dict[str, Any]) -> bytes:
    """A message for `value`, which has exactly one of the members of an event stream's shape."""
    ((name, members),) = value.items()
    raw = [n for n, m in shape.members[name].members.items() if m.traits.get("eventpayload")]
    if raw:
        payload, kind = members[raw[0]], "application/octet-stream"
    else:
        payload, kind = orjson.dumps(members), "application/json"
    headers = {":event-type": name, ":content-type": kind, ":message-type": "event"}
    return message(headers, payload)


async def encoded(shape: Shape, events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    """A response's body, as it comes."""
    async for value in events:
        yield event(shape, value)
