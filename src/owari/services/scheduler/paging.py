"""Tokens of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

from owari import page_tokens
from owari.services.scheduler.core import invalid

PAGE_MAX = 100

token_for = page_tokens.make


def key_of(token: str | None, length: int) -> list[str]:
    """Empty strings for the first page."""
    if not token:
        return [""] * length
    try:
        return page_tokens.read(token, *[str] * length)
    except ValueError:
        raise invalid("Invalid NextToken.") from None
