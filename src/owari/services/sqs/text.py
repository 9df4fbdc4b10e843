"""MD5 of text. Pure."""

from __future__ import annotations

import hashlib


def md5_of_text(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
