"""Tags as requests carry them. Pure."""

from __future__ import annotations

from owari.services.events.faults import limit, validation

TAGS_MAX = 50


def tags_from(items: list[dict[str, str]]) -> dict[str, str]:
    tags = {item["Key"]: item["Value"] for item in items}
    if any(key.lower().startswith("aws:") for key in tags):
        raise validation("System tags cannot be added/updated by requester")
    check_count(tags)
    return tags


def check_count(tags: dict[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise limit("The maximum number of tags for this resource is exceeded.")
