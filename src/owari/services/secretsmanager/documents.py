"""Resource policies: what is wrong with one, and whom it lets in. Pure.

They are kept and shown, not enforced: who has credentials of an account may do everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from owari.json_text import parsed

_NEEDED = (("Effect",), ("Principal", "NotPrincipal"), ("Action", "NotAction"))


def syntax_error(text: str) -> str:
    """'' where there is none."""
    try:
        document = parsed(text)
    except ValueError:
        return "This resource policy contains invalid Json"
    statements = list(_statements(document))
    if not statements or not all(isinstance(one, dict) for one in statements):
        return "This resource policy contains no Statement"
    for one in statements:
        for names in _NEEDED:
            if not any(name in one for name in names):
                return f"This resource policy contains a statement without {names[0]}"
        if one["Effect"] not in ("Allow", "Deny"):
            return "This resource policy contains an invalid Effect"
    return ""


def is_public(text: str) -> bool:
    """Whether anyone is let in, on no condition. For a policy without a syntax error."""
    return any(
        one["Effect"] == "Allow" and not one.get("Condition") and _is_anyone(one.get("Principal"))
        for one in _statements(parsed(text))
    )


def _statements(document: Any) -> Iterator[Any]:
    found = document.get("Statement") if isinstance(document, dict) else None
    yield from found if isinstance(found, list) else [found] if found else []


def _is_anyone(principal: Any) -> bool:
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    return "*" in named if isinstance(named, list) else named == "*"
