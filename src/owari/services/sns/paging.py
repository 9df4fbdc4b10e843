"""NextToken: where a list goes on, opaque to callers. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from owari.services.sns.faults import invalid


def token_for(place: Sequence[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(place)).encode()).decode()


def place_of(token: str | None, parts: int) -> list[str]:
    """The place a token names; the beginning when there is none."""
    if not token:
        return [""] * parts
    try:
        place = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        place = None
    if (
        not isinstance(place, list)
        or len(place) != parts
        or not all(isinstance(part, str) for part in place)
    ):
        raise invalid("NextToken")
    return place
