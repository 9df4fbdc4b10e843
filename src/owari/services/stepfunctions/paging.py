"""Tokens of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from owari.services.stepfunctions.faults import invalid_paging_token

PAGE = 100


def page_size(wanted: int | None) -> int:
    """0 and nothing mean the default of 100."""
    return min(wanted or PAGE, 1000)


def token_for(operation: str, key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([operation, key]).encode()).decode()


def key_of(operation: str, token: str | None, kind: type) -> Any:
    """None without a token. Raises InvalidToken when it is not one of this operation."""
    if token is None:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError):
        raise invalid_paging_token() from None
    if not isinstance(found, list) or len(found) != 2 or found[0] != operation:
        raise invalid_paging_token()
    if not isinstance(found[1], kind):
        raise invalid_paging_token()
    return found[1]
