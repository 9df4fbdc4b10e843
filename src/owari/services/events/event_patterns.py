"""Event patterns: checked as EventBridge checks them, compiled once. Pure.

Source: EventBridge user guide, "Creating Amazon EventBridge event patterns".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from owari.patterns.expressions import PatternError
from owari.patterns.tree import Node, build, parse_json
from owari.services.events.faults import invalid_pattern


@lru_cache(maxsize=8192)
def compiled(text: str) -> Node:
    """Raises InvalidEventPatternException."""
    try:
        pattern = parse_json(text, "Filter")
        if not pattern:
            raise PatternError("Empty objects are not allowed")
        _check_or(pattern)
        return build(pattern)
    except PatternError as error:
        reason = str(error).removeprefix("failed to parse JSON. ")
        raise invalid_pattern(reason) from None


def _check_or(pattern: dict[str, Any]) -> None:
    """`$or` is always the operator here, never a field's name."""
    waiting = [pattern]
    while waiting:
        for key, value in waiting.pop().items():
            if key == "$or":
                waiting += _alternatives(value)
            elif isinstance(value, dict):
                waiting.append(value)


def _alternatives(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise PatternError("It must be an Array followed with $or.")
    if not all(isinstance(item, dict) for item in value):
        raise PatternError("Only JSON object is allowed in array of $or relationship.")
    if len(value) < 2:
        raise PatternError("There must have at least 2 Objects in $or relationship.")
    if not all(value):
        raise PatternError("Empty objects are not allowed")
    for item in value:
        for key in item:
            if key in _RESERVED:
                raise PatternError(
                    f"{key} is Ruler reserved fieldName which cannot be used inside $or."
                )
    return value


_RESERVED = frozenset(("anything-but", "cidr", "equals-ignore-case", "exists", "numeric")) | {
    *("prefix", "suffix", "wildcard"),
}
