"""What a function answers, as an HTTP response.

Source: Lambda developer guide, "Invoking Lambda function URLs", "Response payload format", and
"Response streaming" for what a function says ahead of a streamed body.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from owari.json_text import parsed
from owari.wire.message import Response

Headers = list[tuple[str, str]]

PRELUDE_END = b"\0" * 8
PRELUDE_MAX_BYTES = 64 * 1024
_PRELUDE = frozenset({"statusCode", "headers", "cookies", "multiValueHeaders", "body"})
_NAME, _BREAK = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"), re.compile(r"[\r\n\0]")
# The server's own business.
_HOP = frozenset({"connection", "content-length", "date", "keep-alive", "transfer-encoding"})


def refusal(status: int, message: str | None) -> Response:
    body = json.dumps({"Message": message}, separators=(",", ":")).encode()
    return Response(status, [("Content-Type", "application/json")], body)


def reply_of(payload: bytes) -> Response:
    """Structured when it has a `statusCode`, else the whole answer is the body."""
    try:
        value = parsed(payload)
        if not isinstance(value, dict) or "statusCode" not in value:
            body = value.encode() if isinstance(value, str) else payload
            return Response(200, [("Content-Type", "application/json")], body)
        status, headers = head_of(value, "application/json")
        return Response(status, headers, _body(value))
    except (TypeError, ValueError, binascii.Error):
        return refusal(502, "Internal Server Error")


def head_of(value: dict[str, Any], content_type: str) -> tuple[int, Headers]:
    """Status and headers of a structured answer. Raises TypeError, ValueError."""
    status = int(value.get("statusCode") or 200)
    if not 200 <= status <= 999:  # nothing final would follow an interim response
        raise ValueError(status)
    given, cookies = value.get("headers") or {}, value.get("cookies") or []
    if not isinstance(given, dict) or not isinstance(cookies, list):
        raise TypeError("headers are an object, cookies a list")
    headers = [(str(k), _text(v)) for k, v in given.items() if str(k).lower() not in _HOP]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", content_type))
    headers += [("Set-Cookie", str(text)) for text in cookies]
    if not all(_NAME.fullmatch(name) and not _BREAK.search(text) for name, text in headers):
        raise ValueError("a header that would end the header")
    return status, headers


def _text(value: Any) -> str:
    match value:
        case list():
            return ",".join(map(_text, value))
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _body(value: dict[str, Any]) -> bytes:
    body = value.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body).encode()
    return base64.b64decode(body, validate=True) if value.get("isBase64Encoded") else body.encode()


async def streamed_reply(pieces: AsyncIterator[bytes]) -> Response:
    """A response whose body comes piece by piece, after what was said ahead of it, if anything."""
    begun = b""
    async for piece in pieces:
        begun += piece
        if not _may_be_prelude(begun):
            break
        if PRELUDE_END in begun:
            ahead, _, rest = begun.partition(PRELUDE_END)
            try:
                status, headers = head_of(_object(ahead), "application/octet-stream")
            except (TypeError, ValueError):
                break
            return Response(status, headers, _all(rest, pieces))
    headers = [("Content-Type", "application/octet-stream")]
    return Response(200, headers, _all(begun, pieces))


def _object(text: bytes) -> dict[str, Any]:
    value = parsed(text)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _may_be_prelude(begun: bytes) -> bool:
    """It is written in one go, so a first piece that is other JSON is the body itself."""
    if not begun.startswith(b"{") or len(begun) > PRELUDE_MAX_BYTES:
        return False
    if PRELUDE_END in begun:
        return True
    try:
        value = parsed(begun.rstrip(b"\0"))
    except ValueError:
        return False
    return isinstance(value, dict) and value.keys() <= _PRELUDE


async def _all(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in pieces:
        if piece:
            yield piece
