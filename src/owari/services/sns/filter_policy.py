"""Filter policies: the text of a subscription's, checked as AWS checks it, and compiled. Pure.

Source: SNS Developer Guide, "Subscription filter policies", "Filter policy constraints".
"""

from __future__ import annotations

from functools import lru_cache
from math import inf, prod

from owari.patterns.expressions import PatternError
from owari.patterns.kinds import Numeric, Wildcard
from owari.patterns.tree import Leaf, Node, build, parse_json

__all__ = ["FilterPolicyError", "compile_policy"]

FilterPolicyError = PatternError  # its text comes after `FilterPolicy: `

KEYS_MAX = 5
COMBINATIONS_MAX = 150
POLICY_MAX_BYTES = 256 * 1024
WILDCARD_POINTS_MAX = 100
NUMBER_MAX = 1_000_000_000


@lru_cache(maxsize=4096)
def compile_policy(text: str, scope: str) -> Node:
    """The tree of the policy `text`; `scope` is `MessageAttributes` or `MessageBody`."""
    if len(text.encode()) > POLICY_MAX_BYTES:
        raise FilterPolicyError("Filter policy is too long")
    node = build(parse_json(text, "Filter"), None if scope == "MessageBody" else _nested)
    _check_numbers(node)
    if len(_keys(node, ())) > KEYS_MAX:
        raise FilterPolicyError(f"Filter policy can not have more than {KEYS_MAX} keys")
    too_wild = _wildcard_points(node) > WILDCARD_POINTS_MAX
    if _combinations(node, 1) > COMBINATIONS_MAX or too_wild:
        raise FilterPolicyError("Filter policy is too complex")
    return node


def _nested() -> FilterPolicyError:
    return FilterPolicyError(
        "Filter policy scope MessageAttributes does not support nested filter policy"
    )


def _check_numbers(node: Node) -> None:
    """Raises FilterPolicyError for a bound that SNS, unlike EventBridge, does not take."""
    for _, child in node.fields:
        if isinstance(child, Node):
            _check_numbers(child)
            continue
        ranges = [pattern for pattern in child.others if isinstance(pattern, Numeric)]
        bounds = [bound for found in ranges for bound in (found.low, found.high)]
        if any(NUMBER_MAX < abs(bound) < inf for bound in bounds):
            raise FilterPolicyError(
                f"Value must be between -{NUMBER_MAX} and {NUMBER_MAX}, inclusive"
            )
    for alternative in _children(node):
        _check_numbers(alternative)


def _points(leaf: Leaf) -> int:
    """One star is worth 1 point, several 3; a key's points count once per pattern."""
    wildcards = [p for p in leaf.others if isinstance(p, Wildcard)]
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
        _wildcard_points(child) if isinstance(child, Node) else _points(child)
        for _, child in node.fields
    )
    return own + sum(_wildcard_points(child) for child in _children(node))
