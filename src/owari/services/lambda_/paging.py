"""Markers of list operations: opaque to callers, the last key of a page to us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from owari import page_tokens
from owari.services.lambda_.faults import invalid


def marker_for(key: list[Any]) -> str:
    return page_tokens.make(*key)


def key_of(marker: str, *kinds: type) -> list[Any]:
    """Raises InvalidParameterValueException when we did not make it."""
    try:
        return page_tokens.read(marker, *kinds)
    except ValueError:
        raise invalid("The pagination marker is invalid.") from None


def page_of(
    found: Sequence[Any], p: Mapping[str, Any], page_max: int
) -> tuple[Sequence[Any], dict[str, str]]:
    """The page of `found` that Marker and MaxItems ask for, and the NextMarker, if any."""
    start = max(key_of(p["Marker"], int)[0], 0) if p.get("Marker") else 0
    end = start + min(p.get("MaxItems") or page_max, page_max)
    return found[start:end], {"NextMarker": marker_for([end])} if end < len(found) else {}
