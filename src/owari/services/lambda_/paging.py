"""Markers of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from owari.services.lambda_.faults import invalid


def marker_for(key: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def key_of(marker: str, *kinds: type) -> list[Any]:
    """Raises InvalidParameterValueException when we did not make it."""
    try:
        key = json.loads(base64.urlsafe_b64decode(marker.encode()))
    except (binascii.Error, ValueError):
        raise _foreign() from None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise _foreign()
    return key


def _foreign() -> Exception:
    return invalid("The pagination marker is invalid.")
