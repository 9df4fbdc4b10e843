"""Markers of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
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


def page_of(
    found: Sequence[Any], p: Mapping[str, Any], page_max: int
) -> tuple[Sequence[Any], dict[str, str]]:
    """The page of `found` that Marker and MaxItems ask for, and the NextMarker, if any."""
    start = key_of(p["Marker"], int)[0] if p.get("Marker") else 0
    end = start + min(p.get("MaxItems") or page_max, page_max)
    return found[start:end], {"NextMarker": marker_for([end])} if end < len(found) else {}


def _foreign() -> Exception:
    return invalid("The pagination marker is invalid.")
