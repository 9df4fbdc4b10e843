"""Whether a message passes a filter policy: of its attributes, or of its body. Pure.

Source: SNS Developer Guide, "Filter policy scope".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from owari.patterns.matching import matches
from owari.patterns.tree import Node

_ABSENT = object()


def attributes_pass(policy: Node, attributes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Scope MessageAttributes. Binary attributes are ignored; `String.Array` is a list."""
    values = {name: _attribute_value(a) for name, a in attributes.items()}
    return matches(policy, {k: v for k, v in values.items() if v is not _ABSENT})


def body_passes(policy: Node, body: str) -> bool:
    """Scope MessageBody. A body that is not a JSON object never passes."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and matches(policy, value)


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
