"""NextToken: where a list goes on, opaque to callers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from owari import page_tokens
from owari.services.events.faults import invalid_parameter

LIMIT = 100


def page(p: Mapping[str, Any], member: str, found: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """`found` are names, in order, with what is shown of each; those up to the token are left.

    A token is one of this list: `member` is in it.
    """
    after, most = _after(p.get("NextToken"), member), p.get("Limit") or LIMIT
    rest = [(name, shown) for name, shown in found if name > after]
    answer: dict[str, Any] = {member: [shown for _, shown in rest[:most]]}
    if len(rest) > most:
        answer["NextToken"] = page_tokens.make(member, rest[most - 1][0])
    return answer


def _after(token: str | None, member: str) -> str:
    """The name after which the page begins."""
    if not token:
        return ""
    try:
        of, name = page_tokens.read(token, str, str)
    except ValueError:
        of = name = ""
    if of != member:
        raise invalid_parameter("NextToken")
    return str(name)
