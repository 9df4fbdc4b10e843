"""NextToken: where a list goes on, opaque to callers. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from owari import page_tokens
from owari.services.sns.faults import invalid


def token_for(place: Sequence[str]) -> str:
    return page_tokens.make(*place)


def place_of(token: str | None, parts: int) -> list[str]:
    """The place a token names; the beginning when there is none."""
    if not token:
        return [""] * parts
    try:
        return page_tokens.read(token, *[str] * parts)
    except ValueError:
        raise invalid("NextToken") from None
