"""NextToken and MaxResults of lists. Pure."""

from __future__ import annotations

import base64
import binascii

from owari.services.sqs.faults import invalid, invalid_value

PAGE = 1_000


def page_of(asked: int | None) -> int:
    if asked is None:
        return PAGE
    if not 1 <= asked <= PAGE:
        reason = f"MaxResults must be an integer between 1 and {PAGE}."
        raise invalid_value(asked, "MaxResults", reason)
    return asked


def token_for(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def place_of(token: str | None) -> str:
    """The name the token tells to go on after; the beginning when there is none."""
    if not token:
        return ""
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        raise invalid("Invalid or expired next token.") from None
