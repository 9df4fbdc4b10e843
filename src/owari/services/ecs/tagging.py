"""Tags, which ECS writes as lists of key and value. Bounds: developer guide, "Tag restrictions"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from owari.services.ecs.faults import invalid
from owari.tags import SMALL, as_map, as_pairs

TAGS_MAX = 50


def checked_tags(tags: Iterable[dict[str, Any]], present: Iterable[str] = ()) -> dict[str, str]:
    """By key. Raises InvalidParameterException."""
    made = as_map(tags, SMALL)
    for key, value in made.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise invalid(f"Tag key or value is not valid: {key[:128]}")
    if len({*present, *made}) > TAGS_MAX:
        raise invalid(f"A resource can have at most {TAGS_MAX} tags.")
    return made


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return as_pairs(tags, SMALL)
