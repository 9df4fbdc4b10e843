"""What event patterns and filter policies are made of, each able to test one value. Pure.

A value is a JSON scalar: str, int/float, bool or None. Strings never equal numbers, and `true`
never equals 1, so values are compared together with their kind.
Sources: EventBridge user guide, "Comparison operators for use in event patterns"; SNS Developer
Guide, "String value matching", "Numeric value matching", "Key matching".
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from math import inf

Scalar = str | int | float | bool | None
Typed = tuple[str, Scalar]


def typed(value: Scalar) -> Typed:
    """The value with its JSON kind, so that "1", 1 and true stay different."""
    match value:
        case str():
            return ("string", value)
        case bool():
            return ("boolean", value)
        case None:
            return ("null", None)
        case _:
            return ("number", _as_float(value))


def _as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond 1e308
        return inf if value > 0 else -inf


@dataclass(frozen=True, slots=True)
class Prefix:
    text: str

    def matches(self, value: Scalar) -> bool:
        return isinstance(value, str) and value.startswith(self.text)


@dataclass(frozen=True, slots=True)
class Suffix:
    text: str

    def matches(self, value: Scalar) -> bool:
        return isinstance(value, str) and value.endswith(self.text)


@dataclass(frozen=True, slots=True)
class IgnoringCase:
    """The pattern `inner`, written in lower case, against the value in lower case."""

    inner: Equals | Prefix | Suffix

    def matches(self, value: Scalar) -> bool:
        return isinstance(value, str) and self.inner.matches(value.lower())


@dataclass(frozen=True, slots=True)
class Equals:
    text: str

    def matches(self, value: Scalar) -> bool:
        return value == self.text


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`parts` are the literal pieces between the `*`s; each is searched once, left to right."""

    parts: tuple[str, ...]

    def matches(self, value: Scalar) -> bool:
        if not isinstance(value, str):
            return False
        first, *middle, last = self.parts
        end = len(value) - len(last)
        if not (value.startswith(first) and value.endswith(last) and len(first) <= end):
            return False
        at = len(first)
        for part in middle:
            found = value.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True


@dataclass(frozen=True, slots=True)
class Numeric:
    """A range; a missing bound is infinite."""

    low: float
    low_included: bool
    high: float
    high_included: bool

    def matches(self, value: Scalar) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        above = value >= self.low if self.low_included else value > self.low
        below = value <= self.high if self.high_included else value < self.high
        return above and below


@dataclass(frozen=True, slots=True)
class Cidr:
    network: ipaddress.IPv4Network | ipaddress.IPv6Network

    def matches(self, value: Scalar) -> bool:
        found = address(value) if isinstance(value, str) else None
        return found is not None and found in self.network


@lru_cache(maxsize=256)
def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Of one event, very many patterns ask for the same."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class OneOf:
    values: frozenset[Typed]

    def matches(self, value: Scalar) -> bool:
        return typed(value) in self.values


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """Every value that none of `refused` matches. An absent key does not match."""

    refused: tuple[OneOf | Prefix | Suffix | Wildcard | IgnoringCase, ...]

    def matches(self, value: Scalar) -> bool:
        return not any(pattern.matches(value) for pattern in self.refused)


Pattern = Prefix | Suffix | IgnoringCase | Equals | Wildcard | Numeric | Cidr | OneOf | AnythingBut
