"""Query strings and form bodies, decoded strictly."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

Pairs = list[tuple[str, str]]


def decode(text: str) -> str:
    """Percent-decoding; a `+` stays a plus. UnicodeDecodeError (a ValueError) if not UTF-8."""
    if "%" not in text:
        return text
    return unquote_to_bytes(text).decode()


def _component(text: str) -> str:
    return decode(text.replace("+", " ") if "+" in text else text)


def parse(query: str) -> Pairs:
    """Name and value of each part; a part without `=` has the value ''."""
    pairs = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((_component(name), _component(value)))
    return pairs
