"""Scalars written as text: in headers, paths, query strings, form fields and XML."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any

import orjson

from owari.wire import timestamps
from owari.wire.model import Shape
from owari.wire.protocols.compile import Malformed, integer_within

ReadText = Callable[[str], Any]
WriteText = Callable[[Any], str]


def _integer(kind: str) -> ReadText:
    def read(text: str) -> int:
        try:
            return integer_within(int(text), kind)
        except ValueError:
            raise Malformed(f"{text[:64]!r} is not an integer", value=text) from None

    return read


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Malformed(f"{text[:64]!r} is not a number", value=text) from None


def _boolean(text: str) -> bool:
    match text.strip().lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case _:
            raise Malformed(f"{text[:64]!r} is not a boolean", value=text)


def _blob(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"Invalid base64: {error}", value=text) from None


def _timestamp(text: str) -> float:
    try:
        return timestamps.parse_any(text)
    except ValueError:
        raise Malformed(f"{text[:64]!r} is not a timestamp", value=text) from None


def _string(text: str) -> str:
    return text


def _json(text: str) -> Any:
    try:
        return orjson.loads(_blob(text))
    except orjson.JSONDecodeError:
        raise Malformed("Invalid JSON value", value=text) from None


def reader(shape: Shape) -> ReadText:
    match shape.type:
        case "integer" | "long":
            return _integer(shape.type)
        case "float" | "double":
            return _float
        case "boolean":
            return _boolean
        case "timestamp":
            return _timestamp
        case "blob":
            return _blob
        case _:
            return _json if shape.traits.get("jsonvalue") else _string


def write_float(value: float) -> str:
    if math.isfinite(value):
        return repr(float(value))
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _write_boolean(value: bool) -> str:
    return "true" if value else "false"


def _write_blob(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _write_json(value: Any) -> str:
    return _write_blob(orjson.dumps(value))


def _write_epoch(value: float) -> str:
    return str(timestamps.epoch(value))


_WRITE_TIME: dict[str, WriteText] = {
    "iso8601": timestamps.iso8601,
    "iso8601 millis": timestamps.iso8601_millis,
    "rfc822": timestamps.http_date,
    "unixTimestamp": _write_epoch,
}


def writer(shape: Shape, time_format: str) -> WriteText:
    """`time_format`: of timestamps that have no format of their own."""
    match shape.type:
        case "float" | "double":
            return write_float
        case "boolean":
            return _write_boolean
        case "timestamp":
            return _WRITE_TIME[shape.traits.get("timestampFormat", time_format)]
        case "blob":
            return _write_blob
        case _:
            return _write_json if shape.traits.get("jsonvalue") else str
