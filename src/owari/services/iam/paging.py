"""IAM's lists: Marker, MaxItems, IsTruncated. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from owari.services.iam.faults import invalid

DEFAULT_ITEMS = 100
Item = TypeVar("Item")


def page(
    items: Sequence[Item],
    p: dict[str, Any],
    place: Callable[[Item], str],
) -> tuple[list[Item], dict[str, Any]]:
    """The page that `p` asks for of `items`, sorted by `place`, and what the answer says of it."""
    after = _place_of(p["Marker"]) if p.get("Marker") else ""
    rest = [item for item in items if place(item) > after]
    most = p.get("MaxItems") or DEFAULT_ITEMS
    shown = rest[:most]
    if len(rest) <= most:
        return shown, {"IsTruncated": False}
    marker = base64.urlsafe_b64encode(place(shown[-1]).encode()).decode()
    return shown, {"IsTruncated": True, "Marker": marker}


def _place_of(marker: str) -> str:
    try:
        return base64.b64decode(marker, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise invalid("Invalid Marker.") from None
