"""Tokens of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from owari.services.batch.faults import client

PAGE_MAX = 100


def page_size(p: dict[str, Any]) -> int:
    """Anything outside of 1–100 means 100."""
    asked = p.get("maxResults") or PAGE_MAX
    return asked if 1 <= asked <= PAGE_MAX else PAGE_MAX


def token_for(key: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def key_of(token: str | None, *defaults: Any) -> list[Any]:
    """`defaults`: where the first page starts; their types are those of the key's parts."""
    if not token:
        return list(defaults)
    try:
        key = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError):
        raise _foreign() from None
    if not isinstance(key, list) or [type(k) for k in key] != [type(d) for d in defaults]:
        raise _foreign()
    return key


def _foreign() -> Exception:
    return client("Invalid nextToken.")
