"""Tokens of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

from typing import Any

from owari import page_tokens
from owari.services.ecs.faults import invalid

PAGE_MAX = 100


def page_size(p: dict[str, Any], most: int = PAGE_MAX, usual: int = PAGE_MAX) -> int:
    """Raises InvalidParameterException."""
    asked = p.get("maxResults")
    if asked is None:
        return usual
    if not 1 <= asked <= most:
        raise invalid(f"maxResults must be between 1 and {most}")
    return int(asked)


def token_for(key: Any) -> str:
    return page_tokens.make(key)


def key_of(token: str | None, default: Any) -> Any:
    """`default`: where the first page starts; its type is the key's."""
    if not token:
        return default
    try:
        return page_tokens.read(token, type(default))[0]
    except ValueError:
        raise invalid("Invalid token.") from None
