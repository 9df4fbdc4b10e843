"""Number pictures: formatNumber (XPath decimal formats), formatInteger and parseInteger."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.functions.integers import format_whole, parse_whole
from owari.services.stepfunctions.jsonata.functions.library import LIBRARY
from owari.services.stepfunctions.jsonata.values import NOTHING

function = LIBRARY.function
_DEFAULTS = {
    "decimal-separator": ".", "grouping-separator": ",", "exponent-separator": "e",
    "percent": "%", "per-mille": "‰", "zero-digit": "0", "digit": "#",
    "pattern-separator": ";", "minus-sign": "-",
}  # fmt: skip


@function("formatInteger", "<n-s:s>")
def format_integer(value: Any, picture: Any) -> Any:
    return NOTHING if value is NOTHING else format_whole(int(value // 1), picture)


@function("parseInteger", "<s-s:n>")
def parse_integer(value: Any, picture: Any) -> Any:
    return NOTHING if value is NOTHING else parse_whole(value, picture)


@function("formatNumber", "<n-so?:s>")
def format_number(value: Any, picture: Any, options: Any) -> Any:
    """Raises JsonataError D308x for pictures that break the rules of XPath's."""
    if value is NOTHING:
        return NOTHING
    marks = _DEFAULTS | (options if options is not NOTHING else {})
    patterns = picture.split(marks["pattern-separator"])
    if len(patterns) > 2:
        message = "The picture string must contain at most one pattern separator"
        raise JsonataError("D3080", message)
    pattern = patterns[-1] if value < 0 else patterns[0]
    shown = _format(abs(value), pattern, marks)
    return marks["minus-sign"] + shown if value < 0 and len(patterns) == 1 else shown


def _format(value: float, picture: str, marks: dict[str, str]) -> str:
    zero = marks["zero-digit"]
    digits = "".join(chr(ord(zero) + i) for i in range(10))
    active = digits + marks["digit"] + marks["decimal-separator"] + marks["grouping-separator"]
    inside = [i for i, c in enumerate(picture) if c in active]
    if not inside:
        message = "The picture string must contain at least one digit or zero-digit character"
        raise JsonataError("D3085", message)
    first, last = inside[0], inside[-1] + 1
    prefix, body, suffix = picture[:first], picture[first:last], picture[last:]
    body, separator, exponent = body.partition(marks["exponent-separator"])
    number = Decimal(repr(value))
    if marks["percent"] in prefix + suffix:
        number *= 100
    elif marks["per-mille"] in prefix + suffix:
        number *= 1000
    power = 0
    if separator:
        whole_digits = max(
            sum(c in digits for c in body.partition(marks["decimal-separator"])[0]), 1
        )
        power = number.adjusted() + 1 - whole_digits if number else 0
        number = number.scaleb(-power)
    shown = _mantissa(number, body, digits, marks)
    if separator:
        sign = marks["minus-sign"] if power < 0 else ""
        shown += f"{separator}{sign}{_digits(str(abs(power)).rjust(len(exponent), '0'), digits)}"
    return prefix + shown + suffix


def _digits(text: str, digits: str) -> str:
    return "".join(digits[int(c)] if c.isdecimal() else c for c in text)


def _mantissa(number: Decimal, body: str, digits: str, marks: dict[str, str]) -> str:
    point, comma = marks["decimal-separator"], marks["grouping-separator"]
    if body.count(point) > 1:
        message = "The sub-picture must not contain more than one decimal separator"
        raise JsonataError("D3081", message)
    whole_picture, _, part_picture = body.partition(point)
    least_whole = sum(c in digits for c in whole_picture)
    least_part = sum(c in digits for c in part_picture)
    most_part = sum(c in digits + marks["digit"] for c in part_picture)
    rounded = number.quantize(Decimal(1).scaleb(-most_part), ROUND_HALF_EVEN)
    whole, _, part = f"{rounded:f}".partition(".")
    part = part.rstrip("0").ljust(least_part, "0")
    whole = whole.lstrip("0").rjust(least_whole, "0")
    if not whole and not part:
        whole = "0"
    whole = _grouped(whole, whole_picture, comma)
    return _digits(whole + (point + part if part else ""), digits)


def _grouped(whole: str, picture: str, comma: str) -> str:
    groups = [len(g) for g in picture.split(comma)[1:]]
    if not groups:
        return whole
    positions = {sum(groups[i:]) for i in range(len(groups))}
    regular = len({*groups}) == 1
    shown = []
    for place, digit in enumerate(reversed(whole)):
        if place and (place in positions or (regular and place % groups[0] == 0)):
            shown.append(comma)
        shown.append(digit)
    return "".join(reversed(shown))
