"""ListSecrets' filters. Pure. Source: Secrets Manager API reference, "Filter"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Seen:
    """A secret as filters see it."""

    name: str
    description: str
    region: str
    tags: Mapping[str, str]


def passes(one: Mapping[str, Any], seen: Seen) -> bool:
    """One of the values is met, or one that begins with `!` is not."""
    return any(
        not _meets(one["Key"], value[1:], seen)
        if value.startswith("!")
        else _meets(one["Key"], value, seen)
        for value in one["Values"]
    )


def _meets(key: str, value: str, seen: Seen) -> bool:
    match key:
        case "name":
            return seen.name.startswith(value)
        case "description":
            return _begins([seen.description, *seen.description.split()], value)
        case "tag-key":
            return any(name.startswith(value) for name in seen.tags)
        case "tag-value":
            return any(text.startswith(value) for text in seen.tags.values())
        case "primary-region":
            return seen.region.startswith(value)
        case "owning-service":
            return False  # none is made by another service
        case _:
            texts = [seen.name, seen.description, *seen.tags, *seen.tags.values()]
            whole = "\n".join(texts).lower()
            return all(word in whole for word in value.lower().split())


def _begins(texts: Iterable[str], value: str) -> bool:
    return any(text.lower().startswith(value.lower()) for text in texts)
