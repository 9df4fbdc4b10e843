"""Tokens of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

from typing import Any

from owari import page_tokens
from owari.services.stepfunctions.faults import invalid_paging_token

PAGE = 100


def page_size(wanted: int | None) -> int:
    """0 and nothing mean the default of 100."""
    return min(wanted or PAGE, 1000)


def token_for(operation: str, key: Any) -> str:
    return page_tokens.make(operation, key)


def key_of(operation: str, token: str | None, kind: type) -> Any:
    """None without a token. Raises InvalidToken when it is not one of this operation."""
    if token is None:
        return None
    try:
        of, key = page_tokens.read(token, str, kind)
    except ValueError:
        raise invalid_paging_token() from None
    if of != operation:
        raise invalid_paging_token()
    return key
