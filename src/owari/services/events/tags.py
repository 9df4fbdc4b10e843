"""Tags as requests carry them. Pure."""

from __future__ import annotations

from owari.services.events.faults import limit, validation
from owari.tags import as_map, has_reserved

TAGS_MAX = 50


def tags_from(items: list[dict[str, str]]) -> dict[str, str]:
    tags = as_map(items)
    if has_reserved(tags):
        raise validation("System tags cannot be added/updated by requester")
    check_count(tags)
    return tags


def check_count(tags: dict[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise limit("The maximum number of tags for this resource is exceeded.")
