"""Tags: bounds of the Batch user guide, "Tag restrictions"."""

from __future__ import annotations

from collections.abc import Mapping

from owari.services.batch.faults import client

TAGS_MAX = 50
KEY_MAX = 128
VALUE_MAX = 256


def checked_tags(present: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """`added`, if it may be added to what is there. Raises ClientException."""
    for key, value in added.items():
        if key.lower().startswith("aws:"):
            raise client("Tag keys must not start with aws:.")
        if not 1 <= len(key) <= KEY_MAX or len(value) > VALUE_MAX:
            raise client(
                f"Tag keys have 1 to {KEY_MAX} characters, tag values at most {VALUE_MAX}."
            )
    if len(present.keys() | added.keys()) > TAGS_MAX:
        raise client(f"A resource can have at most {TAGS_MAX} tags.")
    return dict(added)
