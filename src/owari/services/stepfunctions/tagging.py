"""How many tags a resource may have."""

from __future__ import annotations

from owari.services.stepfunctions.faults import fault

TAGS_MAX = 50


def check_number(tags: dict[str, str], arn: str) -> None:
    if len(tags) > TAGS_MAX:
        raise fault("TooManyTags", f"Too many tags: '{arn}'")
