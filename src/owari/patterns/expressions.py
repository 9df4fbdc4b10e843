"""One match expression, e.g. `{"prefix": "mars"}`: JSON to pattern. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from math import inf
from typing import Any

from owari.patterns.kinds import (
    AnythingBut,
    Cidr,
    Equals,
    IgnoringCase,
    Numeric,
    OneOf,
    Pattern,
    Prefix,
    Suffix,
    Wildcard,
    typed,
)

NUMBER_MAX = 500_000_000_000  # of AWS's engine (event-ruler); a service may allow less

Parsed = Pattern | bool  # bool: the value of `exists`, which tests the key, not its value


class PatternError(ValueError):
    """The pattern is wrong; the text is AWS's, without what a service puts before it."""


def parse_pattern(expression: dict[str, Any]) -> Parsed:
    if len(expression) != 1:
        raise PatternError("Only one key allowed in match expression")
    ((name, value),) = expression.items()
    if name == "exists":
        return _exists(value)
    parse = _PARSERS.get(name)
    if parse is None:
        raise PatternError(f"Unrecognized match type {name}")
    return parse(value)


def _exists(value: Any) -> bool:
    if not isinstance(value, bool):
        raise PatternError("exists match pattern must be either true or false.")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise PatternError(f"{name} match pattern must be a string")
    return value


def _affix(kind: type[Prefix] | type[Suffix], name: str) -> Callable[[Any], Pattern]:
    def parse(value: Any) -> Pattern:
        if isinstance(value, dict) and value.keys() == {"equals-ignore-case"}:
            return IgnoringCase(kind(_text(name, value["equals-ignore-case"]).lower()))
        return kind(_text(name, value))

    return parse


def _equals_ignore_case(value: Any) -> Pattern:
    return IgnoringCase(Equals(_text("equals-ignore-case", value).lower()))


def _wildcard(value: Any) -> Wildcard:
    text = _text("wildcard", value)
    parts, piece, at = [], "", 0
    while at < len(text):
        match text[at]:
            case "\\" if text[at + 1 : at + 2] in ("*", "\\") and text[at + 1 :]:
                piece, at = piece + text[at + 1], at + 2
            case "\\":
                raise PatternError(f"Invalid escape character at pos {at}")
            case "*" if text[at + 1 : at + 2] == "*":
                raise PatternError(f"Consecutive wildcard characters at pos {at}")
            case "*":
                parts.append(piece)
                piece, at = "", at + 1
            case other:
                piece, at = piece + other, at + 1
    if not parts:  # no star: it is an equality, which a first and an empty last part cannot say
        raise PatternError("wildcard match pattern must contain a wildcard character")
    return Wildcard((*parts, piece))


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PatternError(f"Value of {name} must be numeric")
    if not -NUMBER_MAX <= value <= NUMBER_MAX:
        raise PatternError(f"Value must be between -{NUMBER_MAX} and {NUMBER_MAX}, inclusive")
    return float(value)


def _numeric(value: Any) -> Pattern:
    match value:
        case ["=", number]:
            exact = _number("equals", number)
            return Numeric(exact, True, exact, True)
        case ["<" | "<=" as below, number]:
            return Numeric(-inf, False, _number(below, number), below == "<=")
        case [">" | ">=" as above, number]:
            return Numeric(_number(above, number), above == ">=", inf, False)
        case [">" | ">=" as above, low, "<" | "<=" as below, high]:
            bottom, top = _number(above, low), _number(below, high)
            if bottom >= top:
                raise PatternError("Bottom must be less than top")
            return Numeric(bottom, above == ">=", top, below == "<=")
        case _:
            raise PatternError(_numeric_problem(value))


def _numeric_problem(value: Any) -> str:
    """What is wrong with a `numeric` value that has none of the known forms."""
    match value:
        case [first, *_] if not isinstance(first, str):
            return f"Invalid member in numeric match: {first}"
        case [operator, *_] if operator not in ("=", "<", "<=", ">", ">="):
            return f"Unrecognized numeric range operator: {operator}"
        case [operator]:
            return f"Value of {'equals' if operator == '=' else operator} must be numeric"
        case [_, _, operator, _] if operator not in ("<", "<="):
            return f"Bad numeric range operator: {operator}"
        case [_, _, _, *_]:
            return "Too many elements in numeric expression"
        case []:
            return "Invalid member in numeric match: ]"
        case _:
            return "Value of numeric must be an array."


def _cidr(value: Any) -> Pattern:
    text = _text("cidr", value)
    if text.count("/") != 1:
        raise PatternError("Malformed CIDR, one slash required")
    address, _, bits = text.partition("/")
    if not bits.isascii() or not bits.isdigit():
        raise PatternError("Malformed CIDR, mask bits must be an integer")
    try:
        return Cidr(ipaddress.ip_network(f"{address}/{bits}", strict=False))
    except ValueError:
        raise PatternError(f"Malformed CIDR: {text}") from None


def _anything_but(value: Any) -> Pattern:
    match value:
        case dict():
            return _anything_but_pattern(value)
        case list() if not value:
            raise PatternError("Empty arrays are not allowed")
        case list():
            kinds = {_plain_kind(item) for item in value}
            if len(kinds) > 1:
                raise PatternError(
                    "Inside anything-but list, either all values are number or string,"
                    " mixed type is not supported"
                )
            return AnythingBut((OneOf(frozenset(typed(item) for item in value)),))
        case _:
            _plain_kind(value)
            return AnythingBut((OneOf(frozenset([typed(value)])),))


def _plain_kind(value: Any) -> str:
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    raise PatternError("Inside anything-but list, start|null|boolean is not supported.")


def _anything_but_pattern(value: dict[str, Any]) -> Pattern:
    if len(value) != 1:
        raise PatternError("Only one key allowed in match expression")
    ((name, operand),) = value.items()
    if name not in ("prefix", "suffix", "wildcard", "equals-ignore-case"):
        raise PatternError(f"Unsupported anything-but pattern: {name}")
    operands = operand if isinstance(operand, list) else [operand]
    if not operands:
        raise PatternError("Empty arrays are not allowed")
    refused = []
    for item in operands:
        if name in ("prefix", "suffix") and item == "":
            raise PatternError("Null prefix/suffix not allowed")
        refused.append(_PARSERS[name](item))
    return AnythingBut(tuple(refused))  # type: ignore[arg-type]


_PARSERS: dict[str, Callable[[Any], Pattern]] = {
    "prefix": _affix(Prefix, "prefix"),
    "suffix": _affix(Suffix, "suffix"),
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}
