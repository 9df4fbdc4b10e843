"""JSON as text: compact, as Step Functions writes it, and Java's way of printing a value."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

import orjson

from owari.json_text import is_deeper, parsed

DEPTH_MAX = 900  # what may be read can be written: Python's own bound is a little higher

# A number that might exceed 64 bits, which the fast parser would round to a float.
_LONG_NUMBER = re.compile(r"\d{19}")
# Half a surrogate pair, perhaps alone: the fast parser refuses what `dumps` may have written.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def loads(text: str) -> Any:
    """Integers of any size stay integers; ValueError when it is not JSON, or nested too deeply."""
    is_long = _LONG_NUMBER.search(text) is not None
    try:
        value = parsed(text, parse_float=_finite) if is_long else orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if _HALF.search(text) is None:
            raise
        try:
            value = parsed(text, parse_float=_finite)
        except ValueError:
            raise error from None
    if is_deeper(text, value, DEPTH_MAX):
        raise ValueError(f"depth limit of {DEPTH_MAX} exceeded")
    return value


def _finite(text: str) -> float:
    """What is read can be written again: 1e400 could not."""
    value = float(text)
    if math.isinf(value):
        raise ValueError("number is infinity when parsed as double")
    return value


def dumps(value: Any) -> str:
    """What is no number (1e400 was read as infinity) is null."""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, UnicodeEncodeError):  # integers beyond 64 bits, lone surrogates
        return json.dumps(_without_infinities(value), separators=(",", ":"), ensure_ascii=True)


def _without_infinities(value: Any) -> Any:
    """A copy, made without recursion: it may be as deep as what is read."""
    root = [value]
    waiting: list[Any] = [root]
    while waiting:
        box = waiting.pop()
        for key, item in list(box.items() if isinstance(box, dict) else enumerate(box)):
            if isinstance(item, dict | list):
                box[key] = item.copy()
                waiting.append(box[key])
            elif isinstance(item, float) and not math.isfinite(item):
                box[key] = None
    return root[0]


def size(text: str) -> int:
    """Bytes of the text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def java_text(value: Any) -> str:
    """`String.valueOf` of a value, as States.Format prints it: `{Arg1=1, Arg2=[]}`."""
    match value:
        case str():
            return value
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "{" + ", ".join(f"{k}={java_text(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(java_text, value)) + "]"
        case float():
            return java_double(value)
        case _:
            return str(value)


def java_double(value: float) -> str:
    """`Double.toString`: scientific notation below 0.001 and from ten million on."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    mantissa, _, exponent = f"{Decimal(repr(value)):e}".partition("e")
    digits = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


def java_hash(text: str) -> int:
    """`String.hashCode`, unsigned."""
    total = 0
    for char in text:
        total = (total * 31 + ord(char)) & 0xFFFFFFFF
    return total


def java_hash_order(keys: list[str]) -> list[str]:
    """The order in which a Java HashMap yields its keys; AWS's output shows it."""
    buckets = 16
    while len(keys) > buckets * 3 // 4:
        buckets *= 2
    return sorted(keys, key=lambda k: (java_hash(k) ^ (java_hash(k) >> 16)) & (buckets - 1))
