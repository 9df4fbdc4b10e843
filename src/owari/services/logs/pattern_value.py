"""A value in a filter pattern's comparison: number, wildcard string or regular expression."""

from __future__ import annotations

import re
from dataclasses import dataclass

from owari.errors import ServiceError
from owari.services.logs.pattern_regex import Regex, compile_regex

_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?")


def invalid_pattern(detail: str = "") -> ServiceError:
    return ServiceError(
        "InvalidParameterException", f"Invalid filter pattern{f': {detail}' if detail else ''}"
    )


def as_number(text: str) -> float | None:
    """None when `text` is not a decimal number."""
    return float(text) if _NUMBER.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A string in which `*` stands for any characters."""

    parts: tuple[str, ...]

    def matches(self, text: str) -> bool:
        if len(self.parts) == 1:
            return text == self.parts[0]
        first, *middle, last = self.parts
        if not text.startswith(first):
            return False
        at = len(first)
        for part in middle:
            found = text.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return len(text) - at >= len(last) and text.endswith(last)


@dataclass(frozen=True, slots=True)
class Value:
    """The right-hand side of a comparison, as it was written."""

    text: str
    number: float | None
    wildcard: Wildcard
    regex: Regex | None = None

    def equals_text(self, text: str) -> bool:
        return self.regex.search(text) if self.regex else self.wildcard.matches(text)


def string_value(text: str) -> Value:
    """A quoted string: never a number."""
    return Value(text, None, Wildcard(tuple(text.split("*"))))


def bare_value(text: str) -> Value:
    """An unquoted word: a number if it reads as one."""
    return Value(text, as_number(text), Wildcard(tuple(text.split("*"))))


def regex_value(text: str) -> Value:
    return Value(text, None, Wildcard((text,)), compile_regex(text))


def compare_numbers(left: float, operator: str, right: float) -> bool:
    match operator:
        case "=":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case ">":
            return left > right
        case "<=":
            return left <= right
        case ">=":
            return left >= right
    raise AssertionError(operator)
