"""Tokens of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

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
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def key_of(token: str | None, default: Any) -> Any:
    """`default`: where the first page starts; its type is the key's."""
    if not token:
        return default
    try:
        key = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError):
        raise _foreign() from None
    if type(key) is not type(default):
        raise _foreign()
    return key


def _foreign() -> Exception:
    return invalid("Invalid token.")
