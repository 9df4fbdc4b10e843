"""Tokens of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

import base64
import binascii
import json

from owari.services.scheduler.core import invalid

PAGE_MAX = 100


def token_for(*key: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def key_of(token: str | None, length: int) -> list[str]:
    """Empty strings for the first page."""
    if not token:
        return [""] * length
    try:
        key = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError):
        raise invalid("Invalid NextToken.") from None
    if not isinstance(key, list) or len(key) != length or not all(isinstance(k, str) for k in key):
        raise invalid("Invalid NextToken.")
    return key
