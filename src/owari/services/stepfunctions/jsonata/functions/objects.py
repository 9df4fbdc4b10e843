"""Object functions, booleans, errors."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.jsonata.calling import callback
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.functions.library import LIBRARY
from owari.services.stepfunctions.jsonata.paths import lookup
from owari.services.stepfunctions.jsonata.scope import Outside
from owari.services.stepfunctions.jsonata.signatures import symbol
from owari.services.stepfunctions.jsonata.values import (
    NOTHING,
    Sequence,
    sequence,
    truth,
    unwrap,
)

function = LIBRARY.function
_TYPES = {
    "l": "null", "n": "number", "s": "string", "b": "boolean", "a": "array", "o": "object",
    "f": "function",
}  # fmt: skip


@function("keys", "<x-:a<s>>")
def keys(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    found = dict.fromkeys(k for item in items if isinstance(item, dict) for k in item)
    return unwrap(Sequence(found))


@function("lookup", "<x-s>")
def look_up(value: Any, key: Any) -> Any:
    return lookup(value, key)


@function("spread", "<x-:a<o>>")
def spread(value: Any) -> Any:
    if isinstance(value, list):
        return unwrap(Sequence(part for item in value for part in _spread_one(item)))
    return unwrap(Sequence(_spread_one(value))) if isinstance(value, dict) else value


def _spread_one(value: Any) -> list[Any]:
    return [{k: v} for k, v in value.items()] if isinstance(value, dict) else [value]


@function("merge", "<a<o>:o>")
def merge(items: Any) -> Any:
    if items is NOTHING:
        return NOTHING
    return {key: value for item in items for key, value in item.items()}


@function("sift", "<o-f?:o>", outside=True)
def sift(outside: Outside, value: Any, act: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    kept = {k: v for k, v in value.items() if truth(callback(act, [v, k, value], outside))}
    return kept or NOTHING


@function("each", "<o-f:a>", outside=True)
def each(outside: Outside, value: Any, act: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    return unwrap(sequence(callback(act, [v, k, value], outside) for k, v in value.items()))


@function("boolean", "<x-:b>")
def boolean(value: Any) -> Any:
    return NOTHING if value is NOTHING else truth(value)


@function("not", "<x-:b>")
def negate(value: Any) -> Any:
    return NOTHING if value is NOTHING else not truth(value)


@function("exists", "<x:b>")
def exists(value: Any) -> Any:
    return value is not NOTHING


@function("type", "<x:s>")
def type_of(value: Any) -> Any:
    return NOTHING if value is NOTHING else _TYPES[symbol(value)]


@function("error", "<s?:x>")
def error(message: Any) -> Any:
    text = "$error() function evaluated" if message is NOTHING else message
    raise JsonataError("D3137", text)


@function("assert", "<bs?:x>")
def assertion(condition: Any, message: Any) -> Any:
    if not condition or condition is NOTHING:
        text = "$assert() statement failed" if message is NOTHING else message
        raise JsonataError("D3141", text)
    return NOTHING
