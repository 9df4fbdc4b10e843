"""Conditional reads and writes.

Sources: RFC 9110 section 13.2.2 (precedence); S3 API Reference, GetObject and CopyObject
("If both of the … headers are present"); S3 User Guide, "Add preconditions to S3 operations".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from owari.errors import ServiceError
from owari.services.s3 import errors


@dataclass(frozen=True, slots=True)
class Conditions:
    """The four headers; dates are epoch seconds."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: float | None = None
    if_unmodified_since: float | None = None


class Verdict(Enum):
    PROCEED = auto()
    NOT_MODIFIED = auto()
    IF_MATCH = auto()
    IF_UNMODIFIED_SINCE = auto()


def etag_matches(header: str, etag: str) -> bool:
    """`header` is `*` or a list of entity tags, quoted or not, weak or not."""
    wanted = (tag.strip().removeprefix("W/").strip('"') for tag in header.split(","))
    return any(tag in ("*", etag) for tag in wanted)


def judge(c: Conditions, etag: str, modified: float) -> Verdict:
    """`modified` is compared in whole seconds, as HTTP dates have no more."""
    second = int(modified)
    if c.if_match is not None:
        if not etag_matches(c.if_match, etag):
            return Verdict.IF_MATCH
    elif c.if_unmodified_since is not None and second > c.if_unmodified_since:
        return Verdict.IF_UNMODIFIED_SINCE
    if c.if_none_match is not None:
        if etag_matches(c.if_none_match, etag):
            return Verdict.NOT_MODIFIED
    elif c.if_modified_since is not None and second <= c.if_modified_since:
        return Verdict.NOT_MODIFIED
    return Verdict.PROCEED


def check_read(c: Conditions, etag: str, modified: float, headers: dict[str, str]) -> None:
    """Raises 412 PreconditionFailed or 304; `headers` go with the 304."""
    match judge(c, etag, modified):
        case Verdict.IF_MATCH:
            raise errors.precondition_failed("If-Match")
        case Verdict.IF_UNMODIFIED_SINCE:
            raise errors.precondition_failed("If-Unmodified-Since")
        case Verdict.NOT_MODIFIED:
            raise errors.not_modified(headers)


def check_copy_source(c: Conditions, etag: str, modified: float) -> None:
    """A copy never answers 304: every failed condition is 412."""
    if judge(c, etag, modified) is Verdict.PROCEED:
        return
    for value, name in (
        (c.if_match, "x-amz-copy-source-If-Match"),
        (c.if_none_match, "x-amz-copy-source-If-None-Match"),
        (c.if_unmodified_since, "x-amz-copy-source-If-Unmodified-Since"),
        (c.if_modified_since, "x-amz-copy-source-If-Modified-Since"),
    ):
        if value is not None:
            raise errors.precondition_failed(name)


def check_write(
    if_match: str | None, if_none_match: str | None, etag: str | None, key: str
) -> None:
    """`etag` is the current object's, None when there is none (or a delete marker)."""
    if if_none_match is not None:
        if if_none_match.strip() != "*":
            raise errors.header_not_implemented("If-None-Match")
        if if_match is not None:
            raise errors.header_not_implemented("If-Match")
        if etag is not None:
            raise errors.precondition_failed("If-None-Match")
    if if_match is not None:
        if if_match.strip() == "*":
            raise errors.header_not_implemented("If-Match")
        if etag is None:
            raise errors.no_such_key(key)
        if not etag_matches(if_match, etag):
            raise errors.precondition_failed("If-Match")


def check_delete(if_match: str | None, etag: str | None) -> ServiceError | None:
    """What a conditional delete is refused with, if it is; `*` asks only that it exists."""
    if if_match is None or (etag is not None and etag_matches(if_match, etag)):
        return None
    return errors.precondition_failed("If-Match")
