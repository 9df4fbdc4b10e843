"""JSON values to and from boto3-shaped ones, by shape. The json and rest-json protocols' own.

Type errors carry the words of AWS's own deserialiser (`NUMBER_VALUE can not be converted to a
String`), which clients' error reports quote.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any

import orjson

from owari.wire import timestamps
from owari.wire.model import Shape
from owari.wire.protocols.compile import Compiler, Malformed, Read, integer_within


def loads(body: bytes) -> Any:
    """Raises Malformed."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"Could not parse the request body as JSON: {error}") from None


def _token(value: Any) -> str:
    """AWS's name for what was found instead."""
    match value:
        case True:
            return "TRUE_VALUE"
        case False:
            return "FALSE_VALUE"
        case int():
            return "NUMBER_VALUE"
        case float():
            return "DECIMAL_VALUE"
        case str():
            return "STRING_VALUE"
        case _:
            return "NULL_VALUE"


def _wrong(value: Any, wanted: str) -> Malformed:
    match value:
        case dict():
            return Malformed("Start of structure or map found where not expected.")
        case list():
            return Malformed("Start of list found where not expected")
        case _:
            return Malformed(f"{_token(value)} can not be converted to {wanted}")


def read_string(value: Any) -> str:
    if type(value) is str:
        return value
    raise _wrong(value, "a String")


def read_boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise _wrong(value, "Boolean")


def _read_integer(kind: str) -> Read:
    wanted = "a Long" if kind == "long" else "an Integer"

    def read(value: Any) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise _wrong(value, wanted)
        return integer_within(value, kind)

    return read


_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def read_float(value: Any) -> float:
    if type(value) is float or type(value) is int:
        return float(value)
    if type(value) is str and value in _FLOATS:
        return _FLOATS[value]
    raise _wrong(value, "a Double")


def read_blob(value: Any) -> bytes:
    try:
        return base64.b64decode(read_string(value), validate=True)
    except (binascii.Error, ValueError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed(f"Invalid base64: {error}") from None


def read_timestamp(value: Any) -> float:
    try:
        if type(value) is str:
            return timestamps.parse_any(value)
        if type(value) in (int, float):
            return timestamps.parse_epoch(value)
    except (ValueError, OverflowError):
        raise Malformed(f"Invalid timestamp: {value}") from None
    raise _wrong(value, "a Timestamp")


def _same(value: Any) -> Any:
    return value


class JsonReader(Compiler):
    """Functions that take what `loads` gave."""

    def on_structure(self, shape: Shape) -> Read:
        if shape.document:
            return _same
        members = {(m.wire_name or name): (name, self(m)) for name, m in shape.members.items()}

        def read(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                raise Malformed("Unexpected field type")
            out = {}
            for key, item in value.items():
                found = members.get(key)
                if found is not None and item is not None:
                    out[found[0]] = found[1](item)
            return out

        return read

    def on_list(self, shape: Shape) -> Read:
        member = self(shape.member)

        def read(value: Any) -> list[Any]:
            if type(value) is not list:
                raise Malformed("Expected list or null")
            return [member(item) for item in value]

        return read

    def on_map(self, shape: Shape) -> Read:
        item_of = self(shape.value)

        def read(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                raise Malformed("Expected map or null")
            return {k: item_of(v) for k, v in value.items() if v is not None}

        return read

    def on_string(self, _shape: Shape) -> Read:
        return read_string

    def on_boolean(self, _shape: Shape) -> Read:
        return read_boolean

    def on_integer(self, shape: Shape) -> Read:
        return _read_integer(shape.type)

    on_long = on_integer

    def on_float(self, _shape: Shape) -> Read:
        return read_float

    on_double = on_float

    def on_blob(self, _shape: Shape) -> Read:
        return read_blob

    def on_timestamp(self, _shape: Shape) -> Read:
        return read_timestamp


def _write_blob(value: bytes) -> str:
    return base64.b64encode(value).decode()


def write_float(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


_WRITE_TIME: dict[str, Callable[[float], Any]] = {
    "unixTimestamp": timestamps.epoch,
    "iso8601": timestamps.iso8601,
    "rfc822": timestamps.http_date,
}


class JsonWriter(Compiler):
    """Functions that give what `orjson.dumps` takes. Members that are None are left out."""

    def on_structure(self, shape: Shape) -> Read:
        if shape.document:
            return _same
        members = {name: (m.wire_name or name, self(m)) for name, m in shape.members.items()}

        def write(value: dict[str, Any]) -> dict[str, Any]:
            out = {}
            for name, item in value.items():
                found = members.get(name)
                if found is not None and item is not None:
                    out[found[0]] = found[1](item)
            return out

        return write

    def on_list(self, shape: Shape) -> Read:
        member = self(shape.member)
        if member is _same:
            return _same
        return lambda value: [member(item) for item in value]

    def on_map(self, shape: Shape) -> Read:
        item_of = self(shape.value)
        if item_of is _same:
            return _same
        return lambda value: {k: item_of(v) for k, v in value.items()}

    def on_string(self, _shape: Shape) -> Read:
        return _same

    on_boolean = on_integer = on_long = on_string

    def on_float(self, _shape: Shape) -> Read:
        return write_float

    on_double = on_float

    def on_blob(self, _shape: Shape) -> Read:
        return _write_blob

    def on_timestamp(self, shape: Shape) -> Read:
        return _WRITE_TIME[shape.traits.get("timestampFormat", "unixTimestamp")]
