"""Tags as most services write them: lists of key and value, spelt one way or the other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CAPITAL = ("Key", "Value")
SMALL = ("key", "value")


def as_map(
    pairs: Iterable[Mapping[str, Any]] | None, names: tuple[str, str] = CAPITAL
) -> dict[str, str]:
    """By key; of a key that comes twice, the last value."""
    key, value = names
    return {pair.get(key, ""): pair.get(value, "") for pair in pairs or ()}


def as_pairs(tags: Mapping[str, str], names: tuple[str, str] = CAPITAL) -> list[dict[str, str]]:
    key, value = names
    return [{key: name, value: text} for name, text in tags.items()]


def has_reserved(keys: Iterable[str]) -> bool:
    """Whether one begins with `aws:`, as only AWS's own may."""
    return any(key.lower().startswith("aws:") for key in keys)
