"""Tags of secrets: how many and which. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from owari.services.secretsmanager.faults import exceeded, invalid
from owari.tags import as_map, has_reserved

TAGS_MAX = 50


def new_tags(pairs: list[dict[str, Any]], had: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tags that are added to those it has had. Raises InvalidParameterException,
    LimitExceededException."""
    made = as_map(pairs)
    if "" in made:
        raise invalid("A tag needs a key.")
    if has_reserved(made):
        raise invalid("Tag keys can't start with aws:.")
    if len((had or {}).keys() | made.keys()) > TAGS_MAX:
        raise exceeded(f"A secret can have at most {TAGS_MAX} tags.")
    return made
