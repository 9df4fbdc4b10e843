"""The characters that messages and their attributes may hold. Pure.

Source: SQS API reference, SendMessage, MessageBody.
"""

from __future__ import annotations

import re

_INVALID = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def has_invalid_characters(text: str) -> bool:
    return _INVALID.search(text) is not None


def made_valid(text: str, most_bytes: int) -> str:
    """What may be told of a text that somebody else wrote: whole characters, no invalid ones."""
    told = _INVALID.sub("\ufffd", text)
    return told.encode()[:most_bytes].decode("utf-8", "ignore")
