"""Filter patterns: which log events a search wants.

AWS: "Filter pattern syntax for metric filters, subscription filters, filter log events, and
Live Tail". Three languages, told apart by the first character: `{` JSON, `[` space-delimited,
anything else terms (`ERROR "exact phrase" -DEBUG`, `?ERROR ?WARN`, `%regex%`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from owari.errors import ServiceError
from owari.services.logs.pattern_fields import parse_fields_pattern
from owari.services.logs.pattern_json import parse_json_pattern
from owari.services.logs.pattern_regex import Regex, compile_regex
from owari.services.logs.pattern_scan import Scanner


class Pattern(Protocol):
    def match(self, message: str) -> dict[str, str] | None:
        """The values extracted from an event that matches (often none), else None."""


@dataclass(frozen=True, slots=True)
class Term:
    text: str
    regex: Regex | None = None

    def within(self, message: str) -> bool:
        return self.regex.search(message) if self.regex else self.text in message


@dataclass(frozen=True, slots=True)
class Terms:
    """All of `required`, or one of `optional` where nothing is required; none of `excluded`."""

    required: tuple[Term, ...] = ()
    optional: tuple[Term, ...] = ()
    excluded: tuple[Term, ...] = ()

    def match(self, message: str) -> dict[str, str] | None:
        # "If you combine ? with other filter patterns, the question mark will be ignored."
        wanted = all(term.within(message) for term in self.required)
        if self.optional and not self.required and not self.excluded:
            wanted = any(term.within(message) for term in self.optional)
        return {} if wanted and not any(t.within(message) for t in self.excluded) else None


EVERYTHING = Terms()


def _term(scan: Scanner) -> Term:
    if scan.accept('"'):
        return Term(scan.quoted())
    if scan.accept("%"):
        text = scan.quoted("%")
        return Term(text, compile_regex(text))
    text = scan.bare("")
    if not all(char.isalnum() or char in "_*." for char in text):
        raise ServiceError("InvalidParameterException", f"Invalid character(s) in term '{text}'")
    return Term(text)


def _parse_terms(text: str) -> Terms:
    scan = Scanner(text)
    found: dict[str, list[Term]] = {"": [], "?": [], "-": []}
    while not scan.done():
        sign = scan.peek() if scan.peek() in ("?", "-") else ""
        scan.at += len(sign)
        found[sign].append(_term(scan))
    return Terms(tuple(found[""]), tuple(found["?"]), tuple(found["-"]))


def parse_pattern(text: str) -> Pattern:
    """What `filterPattern` means; InvalidParameterException when it means nothing."""
    text = text.strip()
    if text.startswith("{"):
        return parse_json_pattern(text)
    if text.startswith("["):
        return parse_fields_pattern(text)
    return _parse_terms(text) if text else EVERYTHING


def is_structured(pattern: Pattern) -> bool:
    """Whether matching costs much more than reading (the caller then reads less per page)."""
    return not isinstance(pattern, Terms) or any(
        term.regex for term in (*pattern.required, *pattern.optional, *pattern.excluded)
    )
