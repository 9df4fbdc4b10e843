"""Tags as Step Functions' API has them: lists of `{key, value}`."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.faults import fault

TAGS_MAX = 50


def as_map(tags: list[dict[str, Any]] | None) -> dict[str, str]:
    return {tag.get("key", ""): tag.get("value", "") for tag in tags or ()}


def as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def check_number(tags: dict[str, str], arn: str) -> None:
    if len(tags) > TAGS_MAX:
        raise fault("TooManyTags", f"Too many tags: '{arn}'")
