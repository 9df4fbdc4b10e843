"""NextToken: where a list goes on, opaque to callers. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from owari.services.events.faults import invalid_parameter

LIMIT = 100


def start_of(p: Mapping[str, Any]) -> str:
    """The name after which the page begins."""
    token = p.get("NextToken")
    if not token:
        return ""
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (ValueError, binascii.Error):
        raise invalid_parameter("NextToken") from None


def page(p: Mapping[str, Any], member: str, found: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """`found` are names, in order, with what is shown of each; those up to the token are left."""
    after, most = start_of(p), p.get("Limit") or LIMIT
    rest = [(name, shown) for name, shown in found if name > after]
    answer: dict[str, Any] = {member: [shown for _, shown in rest[:most]]}
    if len(rest) > most:
        answer["NextToken"] = base64.urlsafe_b64encode(rest[most - 1][0].encode()).decode()
    return answer
