"""A cursor over the text of a path or an intrinsic function."""

from __future__ import annotations

import re
from dataclasses import dataclass


class InvalidPath(ValueError):
    """The text is not a path (or not one AWS accepts)."""


@dataclass(slots=True)
class Scanner:
    text: str
    at: int = 0

    def done(self) -> bool:
        return self.at >= len(self.text)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def accept(self, wanted: str) -> bool:
        if not self.text.startswith(wanted, self.at):
            return False
        self.at += len(wanted)
        return True

    def accept_after_blanks(self, wanted: str) -> bool:
        self.blanks()
        return self.accept(wanted)

    def expect(self, wanted: str) -> None:
        if not self.accept(wanted):
            raise InvalidPath(self.text)

    def blanks(self) -> None:
        while self.peek() in (" ", "\t", "\n", "\r"):
            self.at += 1

    def match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group()

    def match_groups(self, pattern: re.Pattern[str]) -> tuple[str | None, ...] | None:
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.groups()

    def need(self, pattern: re.Pattern[str]) -> str:
        found = self.match(pattern)
        if found is None:
            raise InvalidPath(self.text)
        return found

    def quoted(self) -> str:
        """A quoted string from here; a backslash protects the quote and itself only."""
        quote = self.peek()
        if quote not in ("'", '"'):
            raise InvalidPath(self.text)
        self.at += 1
        found: list[str] = []
        while not self.done():
            char = self.text[self.at]
            self.at += 1
            if char == quote:
                return "".join(found)
            if char == "\\" and self.peek() in (quote, "\\"):
                char = self.text[self.at]
                self.at += 1
            found.append(char)
        raise InvalidPath(self.text)
