"""JSONata's values: JSON's, plus *nothing*, sequences and functions.

A sequence is the list a path or predicate produces; one of length one is the same as its item
unless `keep` says otherwise. Lists that are not sequences (array constructors) stay lists.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any, Final

from owari.services.stepfunctions.jsonata.errors import JsonataError


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING: Final = _Nothing()
"""The result of looking up what is not there; JSONata calls it undefined."""


class Sequence(list[Any]):
    """A result sequence. `keep`: stay a list even with a single item (`[]` in a path)."""

    keep = False


class Function:
    """A callable value: `call(arguments, focus)`; `arity` is how many arguments it declares."""

    __slots__ = ("arity", "call", "name")

    def __init__(self, name: str, arity: int, call: Callable[[list[Any], Any], Any]) -> None:
        self.name = name
        self.arity = arity
        self.call = call


class Regex(Function):
    """A regular expression literal; as a function it is JSONata's matcher."""

    __slots__ = ("pattern",)

    def __init__(self, pattern: Any, call: Callable[[list[Any], Any], Any]) -> None:
        super().__init__("regex", 1, call)
        self.pattern = pattern


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def sequence(items: Iterable[Any]) -> Sequence:
    return Sequence(item for item in items if item is not NOTHING)


def unwrap(value: Any) -> Any:
    """A sequence as a value: nothing when empty, its item when it has one."""
    if isinstance(value, Sequence) and not value.keep:
        if not value:
            return NOTHING
        if len(value) == 1:
            return value[0]
    return value


def as_list(value: Any) -> list[Any]:
    """What a function that takes an array makes of any value."""
    if value is NOTHING:
        return []
    return value if isinstance(value, list) else [value]


def truth(value: Any) -> bool:
    """JSONata's cast to boolean."""
    match value:
        case bool():
            return value
        case str() | dict():
            return bool(value)
        case int() | float():
            return value != 0
        case list():
            if len(value) == 1:
                return truth(value[0])
            return any(truth(item) for item in value)
        case _:
            return False


def equal(left: Any, right: Any) -> bool:
    """Deep equality; booleans are not numbers."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    return bool(left == right)


def number(value: float) -> int | float:
    """A whole float as an int, so that it prints and compares as JSON has it."""
    if isinstance(value, int):
        return value
    if math.isnan(value) or math.isinf(value):
        raise JsonataError("D1001", f"Number out of range: {value}")
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def number_text(value: float) -> str:
    """As JavaScript prints it, to 15 significant digits."""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**21 else _exponent(repr(float(value)))
    rounded = float(f"{value:.15g}")
    if rounded.is_integer() and abs(rounded) < 1e21:
        return str(int(rounded))
    text = repr(rounded)
    if "e" in text and 1e-7 <= abs(rounded) < 1e21:
        return f"{rounded:.21f}".rstrip("0")
    return _exponent(text)


def _exponent(text: str) -> str:
    mantissa, mark, power = text.partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(power):+d}" if mark else text


def text(value: Any, *, pretty: bool = False) -> str:
    """JSONata's cast to string: strings as they are, functions empty, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Function):
        return ""
    return _json(value, 0 if pretty else None)


def _json(value: Any, indent: int | None) -> str:
    inner = None if indent is None else indent + 2
    before = "" if inner is None else "\n" + " " * inner
    after = "" if indent is None else "\n" + " " * indent
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(number(value))
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Function() | _Nothing():
            return '""'
        case dict():
            colon = ":" if indent is None else ": "
            items = [f"{json.dumps(k, ensure_ascii=False)}{colon}{_json(v, inner)}"
                     for k, v in value.items()]  # fmt: skip
            return f"{{{before}{f',{before}'.join(items)}{after}}}" if items else "{}"
        case _:
            items = [_json(item, inner) for item in value]
            return f"[{before}{f',{before}'.join(items)}{after}]" if items else "[]"
