"""Tags: as a header, as a TagSet. Source: S3 User Guide, "Categorizing your storage"."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from owari.errors import ServiceError
from owari.services.s3 import errors

_TEXT = re.compile(r"[\w\s+\-=.:/@]*\Z")
BUCKET_TAGS_MAX = 50


def _invalid(message: str, key: str | None = None, value: str | None = None) -> ServiceError:
    fields = {k: v for k, v in (("TagKey", key), ("TagValue", value)) if v is not None}
    return ServiceError("InvalidTag", message, status=400, fields=fields)


def check(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Raises InvalidTag."""
    tags: dict[str, str] = {}
    for key, value in pairs:
        if not 1 <= len(key) <= 128 or not _TEXT.match(key):
            raise _invalid("The TagKey you have provided is invalid", key=key)
        if len(value) > 256 or not _TEXT.match(value):
            raise _invalid("The TagValue you have provided is invalid", key=key, value=value)
        if key.startswith("aws:"):
            raise _invalid("System tags cannot be added/updated by requester", key=key)
        if key in tags:
            raise _invalid("Cannot provide multiple Tags with the same key", key=key)
        tags[key] = value
    return tags


def _check_count(count: int, most: int, whose: str) -> None:
    if count > most:
        raise ServiceError("BadRequest", f"{whose} cannot be greater than {most}", status=400)


def from_header(text: str | None, most: int) -> dict[str, str]:
    """`x-amz-tagging`: URL query parameters."""
    if not text:
        return {}
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=10 * BUCKET_TAGS_MAX
        )
    except ValueError:
        pairs = []
    if not pairs or len({key for key, _ in pairs}) < len(pairs):
        raise errors.invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query"
            " parameters without tag name duplicates.",
            "x-amz-tagging",
            text,
        )
    _check_count(len(pairs), most, "Object tags")
    return check(pairs)


def from_tag_set(tagging: dict[str, Any], most: int, whose: str) -> dict[str, str]:
    pairs = [(tag["Key"], tag["Value"]) for tag in tagging.get("TagSet") or []]
    _check_count(len(pairs), most, whose)
    return check(pairs)
