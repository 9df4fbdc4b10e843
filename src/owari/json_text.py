"""JSON that others wrote: read with one kind of complaint. Pure."""

from __future__ import annotations

import json
from typing import Any


def parsed(text: str | bytes) -> Any:
    """Raises ValueError for what is no JSON, and for what is nested deeper than Python reads."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("Document nested too deep") from None


def is_deeper(text: str, value: Any, most: int) -> bool:
    """Whether `value`, which `text` says, has more than `most` lists and objects in each other."""
    return text.count("[") + text.count("{") > most and _depth(value) > most


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [v for v in level if isinstance(v, list | dict)]:
        depth += 1
        level = [v for c in level for v in (c.values() if isinstance(c, dict) else c)]
    return depth
