"""The binary operators on values. Anything compared or computed with nothing is nothing."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from owari.services.stepfunctions.jsonata.bounds import check_text
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.values import (
    NOTHING,
    as_list,
    equal,
    is_number,
    number,
    text,
)

RANGE_MAX = 1_000_000


def _divide(left: float, right: float) -> float:
    return left / right if right else math.inf


def _remainder(left: float, right: float) -> float:
    return math.fmod(left, right) if right else math.nan


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _remainder,
}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def arithmetic(symbol: str, left: Any, right: Any) -> Any:
    for value, code, side in ((left, "T2001", "left"), (right, "T2002", "right")):
        if value is not NOTHING and not is_number(value):
            message = f"The {side} side of the {symbol!r} operator must evaluate to a number"
            raise JsonataError(code, message)
    if left is NOTHING or right is NOTHING:
        return NOTHING
    return number(ARITHMETIC[symbol](left, right))


def compare(symbol: str, left: Any, right: Any) -> Any:
    for value in (left, right):
        if value is not NOTHING and not (is_number(value) or isinstance(value, str)):
            message = "must evaluate to numeric or string values"
            raise JsonataError("T2010", f"The expressions either side of {symbol!r} {message}")
    if left is NOTHING or right is NOTHING:
        return NOTHING
    if isinstance(left, str) != isinstance(right, str):
        message = f"The values {text(left)} and {text(right)} either side of {symbol!r}"
        raise JsonataError("T2009", f"{message} must be of the same data type")
    return ORDER[symbol](left, right)


def apply(symbol: str, left: Any, right: Any) -> Any:
    """Every operator that needs both values; `and`, `or`, `~>`, `?:`, `??` do not."""
    if symbol in ARITHMETIC:
        return arithmetic(symbol, left, right)
    if symbol in ORDER:
        return compare(symbol, left, right)
    match symbol:
        case "=":
            return left is not NOTHING and right is not NOTHING and equal(left, right)
        case "!=":
            return left is not NOTHING and right is not NOTHING and not equal(left, right)
        case "&":
            parts = ["" if v is NOTHING else text(v) for v in (left, right)]
            check_text(sum(map(len, parts)))
            return "".join(parts)
        case _:  # in
            if left is NOTHING or right is NOTHING:
                return False
            return any(equal(left, item) for item in as_list(right))


def span(first: Any, last: Any) -> Any:
    """`first..last`."""
    for value, code, side in ((first, "T2003", "left"), (last, "T2004", "right")):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if value is not NOTHING and not whole:
            message = f"The {side} side of the range operator (..) must evaluate to an integer"
            raise JsonataError(code, message)
    if first is NOTHING or last is NOTHING:
        return NOTHING
    if last - first + 1 > RANGE_MAX:
        message = "The size of the sequence allocated by the range operator must not exceed"
        raise JsonataError("D2014", f"{message} {RANGE_MAX}: {last - first + 1}")
    return list(range(first, last + 1))
