"""Whether a message passes a filter policy. Pure, and bounded: no more than `STEPS_MAX` tests.

Source: SNS Developer Guide, "Filter policy scope", "AND/OR logic", "Key matching".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from owari.services.sns.filter_policy import Leaf, Node
from owari.services.sns.patterns import Scalar

STEPS_MAX = 200_000
_ABSENT = object()


class TooManySteps(Exception):
    """The message has so many values that this policy would take too long to try on it."""


def attributes_pass(policy: Node, attributes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Scope MessageAttributes. Binary attributes are ignored; `String.Array` is a list."""
    values = {name: _attribute_value(a) for name, a in attributes.items()}
    return _Matcher().node(policy, {k: v for k, v in values.items() if v is not _ABSENT})


def body_passes(policy: Node, body: str) -> bool:
    """Scope MessageBody. A body that is not a JSON object never passes."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and _Matcher().node(policy, value)


def _attribute_value(attribute: Mapping[str, Any]) -> Any:
    text = attribute.get("StringValue", "")
    match attribute["DataType"].split("."):
        case ["Binary", *_]:
            return _ABSENT
        case ["Number", *_]:
            return float(text)
        case ["String", "Array"]:
            return _array(text)
        case _:
            return text


def _array(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _ABSENT
    return (
        [item for item in value if not isinstance(item, dict | list)]
        if isinstance(value, list)
        else _ABSENT
    )


class _Matcher:
    """One message against one policy; counts its steps."""

    def __init__(self) -> None:
        self.steps = 0

    def node(self, policy: Node, event: dict[str, Any]) -> bool:
        return all(
            self._field(child, event.get(key, _ABSENT)) for key, child in policy.fields
        ) and (all(any(self.node(option, event) for option in group) for group in policy.groups))

    def _field(self, child: Leaf | Node, value: Any) -> bool:
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
    if value is _ABSENT:
        return []
    if not isinstance(value, list):
        return [value]
    found: list[Any] = []
    waiting = [value]
    while waiting:
        for item in waiting.pop():
            (waiting if isinstance(item, list) else found).append(item)
    return found
