"""The functions `States.*` of JSONPath states.

AWS: "Intrinsic functions for JSONPath states in Step Functions".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from owari.services.stepfunctions.asl.json_text import dumps, java_text, loads
from owari.services.stepfunctions.asl.scope import Chance

BASE64_MAX_CHARS = 10_000
RANGE_MAX_ITEMS = 1_000
INTEGER_MIN, INTEGER_MAX = -(2**31), 2**31 - 1


class IntrinsicError(Exception):
    """A function cannot do what it is asked with these arguments."""


@dataclass(frozen=True, slots=True)
class Function:
    apply: Callable[[list[Any], Chance], Any]
    least: int
    most: int | None

    def accepts(self, count: int) -> bool:
        return count >= self.least and (self.most is None or count <= self.most)


def _string(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise IntrinsicError(f"{what} must be a string but was: {dumps(value)}")
    return value


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise IntrinsicError(f"The argument must be an array but was: {dumps(value)}")
    return value


def _integer(value: Any) -> int:
    """Rounded as Java's Math.round does; within 32 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IntrinsicError(f"The argument must be a number but was: {dumps(value)}")
    whole = math.floor(value + 0.5) if isinstance(value, float) else value
    if not INTEGER_MIN <= whole <= INTEGER_MAX:
        raise IntrinsicError(f"The number {dumps(value)} is out of range")
    return whole


_PLACEHOLDER = re.compile(r"\\([{}\\])|\{\}")


def _format(values: list[Any], chance: Chance) -> str:
    template, rest = _string(values[0], "The template"), iter(values[1:])
    count = sum(1 for found in _PLACEHOLDER.finditer(template) if found.group() == "{}")
    if count != len(values) - 1:
        raise IntrinsicError(
            "number of arguments do not match the occurrences of {} in the template"
        )
    return _PLACEHOLDER.sub(
        lambda found: found.group(1) or java_text(next(rest)),
        template,
    )


def _string_to_json(values: list[Any], chance: Chance) -> Any:
    text = _string(values[0], "The argument")
    if not text.strip():
        return None
    try:
        return loads(text)
    except ValueError as error:
        raise IntrinsicError(f"Invalid JSON: {error}") from error


def _json_to_string(values: list[Any], chance: Chance) -> str:
    return dumps(values[0])


def _array_of(values: list[Any], chance: Chance) -> list[Any]:
    return values


def _partition(values: list[Any], chance: Chance) -> list[Any]:
    items, width = _array(values[0]), _integer(values[1])
    if width < 1:
        raise IntrinsicError("The chunk size must be a positive integer")
    return [items[at : at + width] for at in range(0, len(items), width)]


def same(left: Any, right: Any) -> bool:
    """JSON equality: `true` is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    return bool(left == right)


def _contains(values: list[Any], chance: Chance) -> bool:
    return any(same(item, values[1]) for item in _array(values[0]))


def _range(values: list[Any], chance: Chance) -> list[int]:
    first, last, stride = map(_integer, values)
    if stride == 0:
        raise IntrinsicError("The step must not be 0")
    found = range(first, last + (1 if stride > 0 else -1), stride)
    if len(found) > RANGE_MAX_ITEMS:
        raise IntrinsicError(f"The array may hold at most {RANGE_MAX_ITEMS} items")
    return list(found)


def _item(values: list[Any], chance: Chance) -> Any:
    items, at = _array(values[0]), _integer(values[1])
    if not 0 <= at < len(items):
        raise IntrinsicError(f"Index {at} out of bounds for length {len(items)}")
    return items[at]


def _array_length(values: list[Any], chance: Chance) -> int:
    return len(_array(values[0]))


def _unique(values: list[Any], chance: Chance) -> list[Any]:
    found: dict[str, Any] = {}
    for item in _array(values[0]):
        found.setdefault(dumps(item), item)
    return list(found.values())


def _encode(values: list[Any], chance: Chance) -> str:
    text = _string(values[0], "The argument")
    if len(text) > BASE64_MAX_CHARS:
        raise IntrinsicError(f"The string may hold at most {BASE64_MAX_CHARS} characters")
    return base64.b64encode(text.encode()).decode()


def _decode(values: list[Any], chance: Chance) -> str:
    text = _string(values[0], "The argument")
    if len(text) > BASE64_MAX_CHARS:
        raise IntrinsicError(f"The string may hold at most {BASE64_MAX_CHARS} characters")
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except binascii.Error as error:
        raise IntrinsicError("The argument is not valid Base64") from error


HASHES = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


def _hash(values: list[Any], chance: Chance) -> str:
    data = values[0] if isinstance(values[0], str) else dumps(values[0])
    name = HASHES.get(_string(values[1], "The algorithm"))
    if name is None:
        raise IntrinsicError(f"The algorithm must be one of {', '.join(HASHES)}")
    return hashlib.new(name, data.encode("utf-8", "surrogatepass")).hexdigest()


def _merge(values: list[Any], chance: Chance) -> dict[str, Any]:
    first, second, deep = values
    if deep is not False:
        raise IntrinsicError("Step Functions only supports the shallow merging mode: false")
    if not isinstance(first, dict) or not isinstance(second, dict):
        raise IntrinsicError("Both arguments must be JSON objects")
    return {**first, **second}


def _random(values: list[Any], chance: Chance) -> int:
    """From the first number up to, but not, the second; a seed makes it repeatable."""
    first, last = _integer(values[0]), _integer(values[1])
    if last <= first:
        raise IntrinsicError("The end number must be greater than the start number")
    if len(values) == 3:
        return first + java_next_int(_integer(values[2]), last - first)
    return first + int(chance.random() * (last - first))


def java_next_int(seed: int, bound: int) -> int:
    """The first `nextInt(bound)` of a `java.util.Random` with this seed."""
    state = (seed ^ 0x5DEECE66D) & ((1 << 48) - 1)
    while True:
        state = (state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        bits = state >> 17
        if bound & (bound - 1) == 0:
            return (bound * bits) >> 31
        value = bits % bound
        if bits - value + (bound - 1) < 1 << 31:
            return value


def _add(values: list[Any], chance: Chance) -> int:
    return _integer(_integer(values[0]) + _integer(values[1]))


def _split(values: list[Any], chance: Chance) -> list[str]:
    """At each of the splitter's characters; empty pieces are dropped."""
    text, splitter = _string(values[0], "The string"), _string(values[1], "The splitter")
    if not splitter:
        return [text] if text else []
    pieces = re.split("[" + re.escape(splitter) + "]", text)
    return [piece for piece in pieces if piece]


def _uuid(values: list[Any], chance: Chance) -> str:
    return chance.uuid()


FUNCTIONS: dict[str, Function] = {
    "Array": Function(_array_of, 0, None),
    "ArrayContains": Function(_contains, 2, 2),
    "ArrayGetItem": Function(_item, 2, 2),
    "ArrayLength": Function(_array_length, 1, 1),
    "ArrayPartition": Function(_partition, 2, 2),
    "ArrayRange": Function(_range, 3, 3),
    "ArrayUnique": Function(_unique, 1, 1),
    "Base64Decode": Function(_decode, 1, 1),
    "Base64Encode": Function(_encode, 1, 1),
    "Format": Function(_format, 1, None),
    "Hash": Function(_hash, 2, 2),
    "JsonMerge": Function(_merge, 3, 3),
    "JsonToString": Function(_json_to_string, 1, 1),
    "MathAdd": Function(_add, 2, 2),
    "MathRandom": Function(_random, 2, 3),
    "StringSplit": Function(_split, 2, 2),
    "StringToJson": Function(_string_to_json, 1, 1),
    "UUID": Function(_uuid, 0, 0),
}
