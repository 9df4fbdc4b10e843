"""Whether an event matches a pattern. Pure, and bounded: no more than `STEPS_MAX` tests.

Sources: EventBridge user guide, "Event pattern matching"; SNS Developer Guide, "Filter policy
scope", "AND/OR logic", "Key matching".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from owari.patterns.kinds import Scalar
from owari.patterns.tree import Leaf, Node

STEPS_MAX = 200_000
ABSENT = object()


class TooManySteps(Exception):
    """The event has so many values that this pattern would take too long to try on it."""


def matches(pattern: Node, event: Mapping[str, Any]) -> bool:
    """Raises TooManySteps."""
    return _Matcher().node(pattern, event)


def field_matches(child: Leaf | Node, value: Any) -> bool:
    """One key's part of a pattern against its value, or ABSENT. Raises TooManySteps."""
    return _Matcher().field(child, value)


class _Matcher:
    """One event against one pattern; counts its steps."""

    def __init__(self) -> None:
        self.steps = 0

    def node(self, pattern: Node, event: Mapping[str, Any]) -> bool:
        return all(self.field(child, event.get(key, ABSENT)) for key, child in pattern.fields) and (
            all(any(self.node(option, event) for option in group) for group in pattern.groups)
        )

    def field(self, child: Leaf | Node, value: Any) -> bool:
        if isinstance(child, Leaf):
            return self._leaf(child, [v for v in _flat(value) if not isinstance(v, dict)])
        # An object within a list passes on its own: its keys are not mixed with its siblings'.
        objects = [v for v in _flat(value) if isinstance(v, dict)] or [{}]
        self._spend(len(objects))
        return any(self.node(child, item) for item in objects)

    def _leaf(self, leaf: Leaf, values: list[Scalar]) -> bool:
        if not values:
            return leaf.if_absent
        if leaf.if_present:
            return True
        self._spend(len(values) * (1 + len(leaf.others)))
        return any(
            leaf.exact.matches(value) or any(p.matches(value) for p in leaf.others)
            for value in values
        )

    def _spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > STEPS_MAX:
            raise TooManySteps


def _flat(value: Any) -> list[Any]:
    """The values of a list, lists within it opened; a value alone; nothing when absent."""
    if value is ABSENT:
        return []
    if not isinstance(value, list):
        return [value]
    found: list[Any] = []
    waiting = [value]
    while waiting:
        for item in waiting.pop():
            (waiting if isinstance(item, list) else found).append(item)
    return found
