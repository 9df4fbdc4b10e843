"""Tokens of list operations: opaque to callers, the last key of a page to us. Pure."""

from __future__ import annotations

import base64
import json
from typing import Any

from owari.json_text import parsed

_NUMBERS = range(-(2**63), 2**63)


def make(*key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def read(token: str, *kinds: type) -> list[Any]:
    """The key, its parts of these types. Raises ValueError when no token of ours has such a key."""
    key = parsed(base64.b64decode(token, altchars=b"-_", validate=True))
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise ValueError(token)
    if any(isinstance(part, int) and part not in _NUMBERS for part in key):
        raise ValueError(token)
    return key
