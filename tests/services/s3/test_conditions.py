from __future__ import annotations

import pytest

from owari.services.s3.conditions import (
    Conditions,
    Verdict,
    check_copy_source,
    check_delete,
    check_read,
    check_write,
    etag_matches,
    judge,
)
from tests.services.s3.support import refused

ETAG, TIME = "abc", 1000.7  # stored at second 1000
SAME, OTHER = '"abc"', '"xyz"'
GO, NM, IM, US = (
    Verdict.PROCEED,
    Verdict.NOT_MODIFIED,
    Verdict.IF_MATCH,
    Verdict.IF_UNMODIFIED_SINCE,
)

MATRIX = [
    # if-match, if-none-match, if-modified-since, if-unmodified-since: verdict
    (None, None, None, None, GO),
    (SAME, None, None, None, GO),
    ("*", None, None, None, GO),
    (OTHER, None, None, None, IM),
    (None, SAME, None, None, NM),
    (None, "*", None, None, NM),
    (None, OTHER, None, None, GO),
    (None, None, 1000, None, NM),
    (None, None, 999, None, GO),
    (None, None, 2000, None, NM),
    (None, None, None, 1000, GO),
    (None, None, None, 999, US),
    (SAME, None, None, 999, GO),  # If-Match decides
    (OTHER, None, None, 2000, IM),
    (None, OTHER, 2000, None, GO),  # If-None-Match decides
    (None, SAME, 999, None, NM),
    (SAME, SAME, None, None, NM),
    (OTHER, SAME, None, None, IM),
    (None, SAME, None, 999, US),
]


@pytest.mark.parametrize(("match", "none_match", "since", "unmodified", "verdict"), MATRIX)
def test_precedence(
    match: str | None,
    none_match: str | None,
    since: float | None,
    unmodified: float | None,
    verdict: Verdict,
) -> None:
    conditions = Conditions(match, none_match, since, unmodified)
    assert judge(conditions, ETAG, TIME) is verdict
    if verdict is GO:
        check_read(conditions, ETAG, TIME, {})
        check_copy_source(conditions, ETAG, TIME)
        return
    code, status = ("NotModified", 304) if verdict is NM else ("PreconditionFailed", 412)
    with refused(code, status):
        check_read(conditions, ETAG, TIME, {})
    with refused("PreconditionFailed", 412):
        check_copy_source(conditions, ETAG, TIME)


@pytest.mark.parametrize("header", ['"abc"', "abc", 'W/"abc"', '"x", "abc"', "*", " abc "])
def test_entity_tags_match(header: str) -> None:
    assert etag_matches(header, "abc")


def test_writes() -> None:
    check_write(None, None, "abc", "k")
    check_write(None, "*", None, "k")
    check_write(SAME, None, "abc", "k")
    with refused("PreconditionFailed", 412, Condition="If-None-Match"):
        check_write(None, "*", "abc", "k")
    with refused("PreconditionFailed", 412, Condition="If-Match"):
        check_write(OTHER, None, "abc", "k")
    with refused("NoSuchKey", 404, Key="k"):
        check_write(SAME, None, None, "k")
    with refused("NotImplemented", 501, Header="If-None-Match"):
        check_write(None, SAME, "abc", "k")


def test_deletes() -> None:
    assert check_delete(None, None) is None
    assert check_delete("*", "abc") is None
    assert check_delete(SAME, "abc") is None
    for header, etag in ((OTHER, "abc"), ("*", None), (SAME, None)):
        refusal = check_delete(header, etag)
        assert refusal is not None and refusal.status == 412
