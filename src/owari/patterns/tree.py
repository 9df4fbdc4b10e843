"""Event patterns and filter policies: from JSON to a tree that can be matched. Pure.

Keys must all match, the values of a key's list are alternatives, `$or` gives alternatives of
several keys. AWS's services share one engine for this, and so do ours.
Source: EventBridge user guide, "Creating Amazon EventBridge event patterns".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from owari.patterns.expressions import Parsed, PatternError, parse_pattern
from owari.patterns.kinds import OneOf, Pattern, typed

DEPTH_MAX = 32  # ours: AWS's is set by the number of combinations
_RESERVED = frozenset(
    ("anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix")
) | {"wildcard"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """The alternatives of one key: any may match. `exact` holds the plain values together."""

    exact: OneOf
    others: tuple[Pattern, ...]
    if_present: bool  # {"exists": true}
    if_absent: bool  # {"exists": false}
    size: int


@dataclass(frozen=True, slots=True)
class Node:
    """Keys that must all match, and `$or` groups of which one alternative each must match."""

    fields: tuple[tuple[str, Leaf | Node], ...]
    groups: tuple[tuple[Node, ...], ...]


def parse_json(text: str, what: str) -> dict[str, Any]:
    """The object `text` is; `what` it is called in the error."""
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise PatternError(f"failed to parse JSON. {_reason(error)}") from None
    if not isinstance(found, dict):
        raise PatternError(f"failed to parse JSON. {what} is not an object")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"Unrecognized token '{name}'")


def _reason(error: Exception) -> str:
    return "Document nested too deep" if isinstance(error, RecursionError) else str(error)


def build(pattern: dict[str, Any], refuse_nested: Callable[[], PatternError] | None = None) -> Node:
    """`refuse_nested`: the error for a key that holds an object, where that is not allowed."""
    return _node(pattern, refuse_nested, 1)


def _node(pattern: dict[str, Any], refuse: Callable[[], PatternError] | None, depth: int) -> Node:
    if depth > DEPTH_MAX:
        raise PatternError("Pattern is too complex")
    fields: list[tuple[str, Leaf | Node]] = []
    groups: list[tuple[Node, ...]] = []
    for key, value in pattern.items():
        if key == "$or" and _is_group(value):
            groups.append(tuple(_node(item, refuse, depth + 1) for item in value))
        else:
            fields.append((key, _field(key, value, refuse, depth)))
    return Node(tuple(fields), tuple(groups))


def _is_group(value: Any) -> bool:
    """`$or` is an operator only over two or more objects of plain keys, else it is a key."""
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(isinstance(item, dict) and item and not _RESERVED & item.keys() for item in value)
    )


def _field(
    key: str, value: Any, refuse: Callable[[], PatternError] | None, depth: int
) -> Leaf | Node:
    match value:
        case list():
            return _leaf(value)
        case dict() if refuse is not None:
            raise refuse()
        case dict() if not value:
            raise PatternError("Empty objects are not allowed")
        case dict():
            return _node(value, refuse, depth + 1)
        case _:
            raise PatternError(f'"{key}" must be an object or an array')


def _leaf(items: list[Any]) -> Leaf:
    if not items:
        raise PatternError("Empty arrays are not allowed")
    exact, others, exists = [], [], set()
    for item in items:
        match item:
            case dict():
                parsed: Parsed = parse_pattern(item)
                if isinstance(parsed, bool):
                    exists.add(parsed)
                else:
                    others.append(parsed)
            case list():
                raise PatternError("Match value must be String, number, true, false, or null")
            case _:
                exact.append(typed(item))
    return Leaf(
        exact=OneOf(frozenset(exact)),
        others=tuple(others),
        if_present=True in exists,
        if_absent=False in exists,
        size=len(items),
    )
