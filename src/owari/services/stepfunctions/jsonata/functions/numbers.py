"""Number functions and aggregations."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.functions.library import LIBRARY
from owari.services.stepfunctions.jsonata.scope import Outside
from owari.services.stepfunctions.jsonata.values import NOTHING, number

function = LIBRARY.function
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_BASED = re.compile(r"0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+")


@function("number", "<(nsb)-:n>")
def to_number(value: Any) -> Any:
    if value is NOTHING or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return number(float(value)) if re.search(r"[.eE]", value) else int(value)
    if isinstance(value, str) and _BASED.fullmatch(value):
        return int(value, 0)
    raise JsonataError("D3030", f"Unable to cast value to a number: {value!r}")


def _simple(name: str, act: Callable[[Any], Any]) -> None:
    @function(name, "<n-:n>")
    def body(value: Any) -> Any:
        return NOTHING if value is NOTHING else number(act(value))


_simple("abs", abs)
_simple("floor", math.floor)
_simple("ceil", math.ceil)


@function("sqrt", "<n-:n>")
def sqrt(value: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    if value < 0:
        message = "The sqrt function cannot be applied to a negative number"
        raise JsonataError("D3060", f"{message}: {value}")
    return number(math.sqrt(value))


@function("round", "<n-n?:n>")
def round_number(value: Any, precision: Any) -> Any:
    """Half to even, as JSONata documents."""
    if value is NOTHING:
        return NOTHING
    places = 0 if precision is NOTHING else int(precision)
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return number(float(rounded))


@function("power", "<n-n:n>")
def power(base: Any, exponent: Any) -> Any:
    if base is NOTHING:
        return NOTHING
    try:
        result = base**exponent if abs(exponent) < 1024 else float(base) ** exponent
        return number(float(result) if isinstance(result, int) and abs(result) > 2**63 else result)
    except (OverflowError, ZeroDivisionError, TypeError) as error:
        message = "The power function has resulted in a value that cannot be represented"
        raise JsonataError("D3061", f"{message} as a JSON number") from error


@function("random", "<n?:n>", outside=True)
def random_number(outside: Outside, seed: Any) -> Any:
    """Step Functions adds the seed: the same seed gives the same number."""
    if seed is NOTHING:
        return outside.random.random()
    return type(outside.random)(seed).random()


@function("formatBase", "<n-n?:s>")
def format_base(value: Any, radix: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    base = 10 if radix is NOTHING else round_number(radix, NOTHING)
    if not 2 <= base <= 36:
        message = "The radix of the formatBase function must be between 2 and 36"
        raise JsonataError("D3100", f"{message}: {base}")
    rest = abs(whole := int(round_number(value, NOTHING)))
    digits = ""
    while rest or not digits:
        rest, digit = divmod(rest, base)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return f"-{digits}" if whole < 0 else digits


def _aggregate(name: str, act: Callable[[list[Any]], Any]) -> None:
    @function(name, "<a<n>:n>")
    def body(items: Any) -> Any:
        if items is NOTHING or (not items and name != "sum"):
            return NOTHING
        return number(act(items))


_aggregate(
    "sum",
    lambda items: math.fsum(items) if any(isinstance(i, float) for i in items) else sum(items),
)
_aggregate("max", max)
_aggregate("min", min)
_aggregate("average", lambda items: sum(items) / len(items))
