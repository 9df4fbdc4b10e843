"""What goes wrong in a JSONata expression."""

from __future__ import annotations


class JsonataError(Exception):
    """`code` is JSONata's own (S… syntax, T… type, D… evaluation); `position` an offset."""

    def __init__(self, code: str, message: str, position: int = -1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.position = position
