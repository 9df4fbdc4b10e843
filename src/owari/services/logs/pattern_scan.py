"""Reading a filter pattern character by character: what its three languages have in common."""

from __future__ import annotations

from dataclasses import dataclass

from owari.services.logs.pattern_value import (
    Value,
    bare_value,
    invalid_pattern,
    regex_value,
    string_value,
)

OPERATORS = ("!=", "<=", ">=", "=", "<", ">")


@dataclass(slots=True)
class Scanner:
    text: str
    at: int = 0

    def spaces(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def done(self) -> bool:
        self.spaces()
        return self.at >= len(self.text)

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def accept(self, token: str) -> bool:
        """Skip spaces, and `token` if it comes next."""
        self.spaces()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.accept(token):
            raise invalid_pattern(f"{token!r} is missing")

    def word(self, word: str) -> bool:
        """Accept a keyword, whatever its case."""
        self.spaces()
        end = self.at + len(word)
        if self.text[self.at : end].upper() != word or self.text[end : end + 1].isalnum():
            return False
        self.at = end
        return True

    def operator(self) -> str:
        for operator in OPERATORS:
            if self.accept(operator):
                return operator
        return ""

    def quoted(self, quote: str = '"') -> str:
        """The text up to the closing quote, the opening one already read."""
        out: list[str] = []
        while (char := self.peek()) != quote:
            if not char:
                raise invalid_pattern("a quotation mark is not closed")
            self.at += 1
            if char == "\\" and self.peek() in (quote, "\\"):
                char = self.peek()
                self.at += 1
            out.append(char)
        self.at += 1
        return "".join(out)

    def bare(self, stop: str) -> str:
        """The text up to a space or a character of `stop`."""
        start = self.at
        while (char := self.peek()) and not char.isspace() and char not in stop:
            self.at += 1
        if self.at == start:
            raise invalid_pattern("a value is missing")
        return self.text[start : self.at]

    def value(self, stop: str) -> Value:
        self.spaces()
        if self.accept('"'):
            return string_value(self.quoted())
        if self.accept("%"):
            return regex_value(self.quoted("%"))
        return bare_value(self.bare(stop))
