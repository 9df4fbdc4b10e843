"""JSON that may hold bytes: how payloads lie in the outbox and in service tables."""

from __future__ import annotations

import base64
import json
from typing import Any

import orjson

_BYTES = "$bytes"


def _default(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return {_BYTES: base64.b64encode(value).decode()}
    raise TypeError(f"not JSON: {type(value).__name__}")


def dumps(value: Any) -> str:
    try:
        return orjson.dumps(value, default=_default).decode()
    except TypeError:  # integers beyond 64 bits, nested deeper than 254; or what is no text
        text = json.dumps(value, default=_default, separators=(",", ":"), ensure_ascii=False)
        text.encode()  # raises for half of a surrogate pair, which could not be read again
        return text


def loads(text: str | bytes) -> Any:
    value = orjson.loads(text)
    return _restore(value) if (_BYTES if isinstance(text, str) else b"$bytes") in text else value  # type: ignore[operator]


def _restore(value: Any) -> Any:
    if isinstance(value, dict):
        if len(value) == 1 and _BYTES in value:
            return base64.b64decode(value[_BYTES])
        return {key: _restore(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restore(item) for item in value]
    return value
