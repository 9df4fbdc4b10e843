"""The characters messages may hold, and MD5 of text. Pure. Source: SendMessage, MessageBody."""

from __future__ import annotations

import hashlib
import re

_INVALID = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def has_invalid_characters(text: str) -> bool:
    return _INVALID.search(text) is not None


def md5_of_text(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
