"""A resource's policy as text: recorded, its statements added and removed. Pure."""

from __future__ import annotations

from typing import Any

import orjson

Statement = dict[str, Any]


def read(text: str | None) -> tuple[dict[str, Any], list[Statement]] | None:
    """The document and its statements; None for what has no such form, or cannot be written
    again (half of a surrogate pair)."""
    try:
        document = orjson.loads(text or "")
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict):
        return None
    found = document.get("Statement", [])
    statements = found if isinstance(found, list) else [found]
    return (document, statements) if all(isinstance(s, dict) for s in statements) else None


def has_statements(text: str) -> bool:
    """A policy that says something of them, if only that there are none."""
    policy = read(text)
    return policy is not None and "Statement" in policy[0]
