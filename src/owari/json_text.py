"""JSON that others wrote: read with one kind of complaint. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson


def parsed(text: str | bytes, *, parse_float: Callable[[str], float] = float) -> Any:
    """Raises ValueError for what is no JSON, and for what is nested deeper than Python reads."""
    try:
        whole = text if isinstance(text, str) else text.decode()
        return json.loads(whole, parse_constant=_no_constant, parse_float=parse_float)
    except RecursionError:
        raise ValueError("Document nested too deep") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def is_json(text: str | bytes) -> bool:
    """Half a surrogate pair (a file name that is not UTF-8) and 1e400 are JSON, if odd."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return _is_odd_json(text)
    return True


def _is_odd_json(text: str | bytes) -> bool:
    try:
        parsed(text)
    except ValueError:
        return False
    return True


def is_deeper(text: str, value: Any, most: int) -> bool:
    """Whether `value`, which `text` says, has more than `most` lists and objects in each other."""
    return text.count("[") + text.count("{") > most and _depth(value) > most


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [v for v in level if isinstance(v, list | dict)]:
        depth += 1
        level = [v for c in level for v in (c.values() if isinstance(c, dict) else c)]
    return depth
