"""Tokens of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

from typing import Any

from owari import page_tokens
from owari.services.batch.faults import client

PAGE_MAX = 100


def page_size(p: dict[str, Any], most: int = PAGE_MAX) -> int:
    """Anything outside of 1 to `most` means `most`."""
    asked = p.get("maxResults") or most
    return asked if 1 <= asked <= most else most


def token_for(key: list[Any]) -> str:
    return page_tokens.make(*key)


def key_of(token: str | None, *defaults: Any) -> list[Any]:
    """`defaults`: where the first page starts; their types are those of the key's parts."""
    if not token:
        return list(defaults)
    try:
        return page_tokens.read(token, *map(type, defaults))
    except ValueError:
        raise client("Invalid nextToken.") from None
