"""Filter policies: from the JSON text of a subscription to a tree that can be matched. Pure.

A policy is checked as AWS checks it, in AWS's words (`FilterPolicyError`).
Source: SNS Developer Guide, "Subscription filter policies", "Filter policy constraints".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

from owari.services.sns.pattern_parser import FilterPolicyError, Parsed, parse_pattern
from owari.services.sns.patterns import OneOf, Pattern, Wildcard, typed

__all__ = ["FilterPolicyError", "Leaf", "Node", "compile_policy"]

KEYS_MAX = 5
COMBINATIONS_MAX = 150
POLICY_MAX_BYTES = 256 * 1024
DEPTH_MAX = 32  # ours: AWS's is set by the number of combinations
WILDCARD_POINTS_MAX = 100
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
    wildcard_points: int


@dataclass(frozen=True, slots=True)
class Node:
    """Keys that must all match, and `$or` groups of which one alternative each must match."""

    fields: tuple[tuple[str, Leaf | Node], ...]
    groups: tuple[tuple[Node, ...], ...]


@lru_cache(maxsize=4096)
def compile_policy(text: str, scope: str) -> Node:
    """The tree of the policy `text`; `scope` is `MessageAttributes` or `MessageBody`."""
    if len(text.encode()) > POLICY_MAX_BYTES:
        raise FilterPolicyError("Filter policy is too long")
    node = _node(_parse(text), scope == "MessageBody", 1)
    if len(_keys(node, ())) > KEYS_MAX:
        raise FilterPolicyError(f"Filter policy can not have more than {KEYS_MAX} keys")
    too_wild = _wildcard_points(node) > WILDCARD_POINTS_MAX
    if _combinations(node, 1) > COMBINATIONS_MAX or too_wild:
        raise FilterPolicyError("Filter policy is too complex")
    return node


def _parse(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FilterPolicyError(f"failed to parse JSON. {_reason(error)}") from None
    if not isinstance(policy, dict):
        raise FilterPolicyError("failed to parse JSON. Filter is not an object")
    return policy


def _no_constant(name: str) -> None:
    raise ValueError(f"Unrecognized token '{name}'")


def _reason(error: Exception) -> str:
    return "Document nested too deep" if isinstance(error, RecursionError) else str(error)


def _node(policy: dict[str, Any], nested: bool, depth: int) -> Node:
    if depth > DEPTH_MAX:
        raise FilterPolicyError("Filter policy is too complex")
    fields: list[tuple[str, Leaf | Node]] = []
    groups: list[tuple[Node, ...]] = []
    for key, value in policy.items():
        if key == "$or" and _is_group(value):
            groups.append(tuple(_node(item, nested, depth + 1) for item in value))
        else:
            fields.append((key, _field(key, value, nested, depth)))
    return Node(tuple(fields), tuple(groups))


def _is_group(value: Any) -> bool:
    """`$or` is an operator only over two or more objects of plain keys, else it is a key."""
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(isinstance(item, dict) and item and not _RESERVED & item.keys() for item in value)
    )


def _field(key: str, value: Any, nested: bool, depth: int) -> Leaf | Node:
    match value:
        case list():
            return _leaf(value)
        case dict() if not nested:
            raise FilterPolicyError(
                "Filter policy scope MessageAttributes does not support nested filter policy"
            )
        case dict() if not value:
            raise FilterPolicyError("Empty objects are not allowed")
        case dict():
            return _node(value, nested, depth + 1)
        case _:
            raise FilterPolicyError(f'"{key}" must be an object or an array')


def _leaf(items: list[Any]) -> Leaf:
    if not items:
        raise FilterPolicyError("Empty arrays are not allowed")
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
                raise FilterPolicyError("Match value must be String, number, true, false, or null")
            case _:
                exact.append(typed(item))
    return Leaf(
        exact=OneOf(frozenset(exact)),
        others=tuple(others),
        if_present=True in exists,
        if_absent=False in exists,
        size=len(items),
        wildcard_points=_points([p for p in others if isinstance(p, Wildcard)]),
    )


def _points(wildcards: list[Wildcard]) -> int:
    """One star is worth 1 point, several 3; a key's points count once per pattern."""
    return sum(1 if len(w.parts) == 2 else 3 for w in wildcards) * len(wildcards)


def _children(node: Node) -> list[Node]:
    """The alternatives of its `$or` groups."""
    return [alternative for group in node.groups for alternative in group]


def _keys(node: Node, path: tuple[str, ...]) -> set[tuple[str, ...]]:
    """The paths of the keys that carry values; parents are not counted."""
    keys: set[tuple[str, ...]] = set()
    for key, child in node.fields:
        keys |= _keys(child, (*path, key)) if isinstance(child, Node) else {(*path, key)}
    return keys.union(*(_keys(child, path) for child in _children(node)))


def _combinations(node: Node, level: int) -> int:
    """Each key's number of values times its nesting level, multiplied over the keys."""
    own = prod(
        _combinations(child, level + 1) if isinstance(child, Node) else child.size * level
        for _, child in node.fields
    )
    return own * prod(sum(_combinations(a, level) for a in group) for group in node.groups)


def _wildcard_points(node: Node) -> int:
    own = sum(
        _wildcard_points(child) if isinstance(child, Node) else child.wildcard_points
        for _, child in node.fields
    )
    return own + sum(_wildcard_points(child) for child in _children(node))
