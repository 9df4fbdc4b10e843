"""Tags on functions: bounds of the Lambda developer guide, "Tag requirements"."""

from __future__ import annotations

from collections.abc import Mapping

from owari.services.lambda_.faults import constraint, invalid

TAGS_MAX = 50
KEY_MAX = 128
VALUE_MAX = 256


def checked_tags(present: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """`added`, if it may be added to what is there. Raises InvalidParameterValueException."""
    for key, value in added.items():
        if key.lower().startswith("aws:"):
            raise invalid("System tags cannot be added/updated by requester.")
        if not 1 <= len(key) <= KEY_MAX:
            raise constraint(key, "tags", f"have length between 1 and {KEY_MAX}")
        if len(value) > VALUE_MAX:
            raise constraint(value, "tags", f"have length less than or equal to {VALUE_MAX}")
    if len(present.keys() | added.keys()) > TAGS_MAX:
        raise invalid("Number of tags exceeds resource tag limit.")
    return dict(added)
