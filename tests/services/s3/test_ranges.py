from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.services.s3.pieces import Piece, cut, join
from owari.services.s3.ranges import copy_span, part_span, span_of
from tests.services.s3.support import refused

SATISFIED = [
    # header, size: start, length
    ("bytes=0-0", 10, 0, 1),
    ("bytes=2-5", 10, 2, 4),
    ("bytes=5-", 10, 5, 5),
    ("bytes=-3", 10, 7, 3),
    ("bytes=-30", 10, 0, 10),
    ("bytes=8-99", 10, 8, 2),
    ("bytes = 0 - 4", 10, 0, 5),
    ("bytes=1-" + "9" * 90, 10, 1, 9),
]
IGNORED = [None, "", "bytes=-", "bytes=5-2", "bytes=a-b", "0-4", "bytes=0-1,4-5", "lines=0-1",
           "bytes=0-" + "9" * 6000]  # fmt: skip
UNSATISFIABLE = [("bytes=10-", 10), ("bytes=10-12", 10), ("bytes=-0", 10), ("bytes=0-", 0),
                 ("bytes=-5", 0), ("bytes=0-0", 0)]  # fmt: skip


@pytest.mark.parametrize(("header", "size", "start", "length"), SATISFIED)
def test_satisfied(header: str, size: int, start: int, length: int) -> None:
    span = span_of(header, size)
    assert (span.start, span.length, span.partial) == (start, length, True)
    assert span.content_range == f"bytes {start}-{start + length - 1}/{size}"


@pytest.mark.parametrize("header", IGNORED)
def test_what_makes_no_sense_is_ignored(header: str | None) -> None:
    span = span_of(header, 10)
    assert (span.start, span.length, span.partial) == (0, 10, False)


@pytest.mark.parametrize(("header", "size"), UNSATISFIABLE)
def test_unsatisfiable(header: str, size: int) -> None:
    with refused("InvalidRange", 416, ActualObjectSize=str(size), RangeRequested=header) as caught:
        span_of(header, size)
    assert caught[0].headers == {"Content-Range": f"bytes */{size}"}


def test_parts() -> None:
    assert part_span(2, [5, 7, 3], 15).content_range == "bytes 5-11/15"
    assert part_span(1, [], 4).content_range == "bytes 0-3/4"
    assert not part_span(1, [], 0).partial
    with refused("InvalidPartNumber", 416, ActualPartCount="3", PartNumberRequested="4"):
        part_span(4, [5, 7, 3], 15)
    with refused("InvalidPartNumber", 416):
        part_span(2, [], 4)
    with refused("InvalidArgument", 400):
        part_span(0, [], 4)


def test_copy_ranges_are_strict() -> None:
    assert copy_span(None, 9).length == 9
    assert copy_span("bytes=2-8", 9).start == 2
    for header in ("bytes=2-", "bytes=-2", "2-4", "bytes=4-2", "bytes=0-9"):
        with refused("InvalidArgument", 400):
            copy_span(header, 9)


BODIES = {"a": bytes(range(40)), "b": bytes(range(100, 160))}
INSIDE = bytes(range(200, 230))


def _bytes(pieces: tuple[Piece, ...], inside: bytes | None) -> bytes:
    return b"".join(
        (INSIDE if inside is None else inside)[p.offset : p.offset + p.length]
        if p.blob is None
        else BODIES[p.blob][p.offset : p.offset + p.length]
        for p in pieces
    )


some_pieces = st.lists(
    st.builds(Piece, st.sampled_from(["a", "b", None]), st.integers(0, 10), st.integers(1, 20)),
    max_size=6,
).map(tuple)


@given(some_pieces, st.integers(0, 130), st.integers(0, 130))
def test_a_cut_is_a_slice(pieces: tuple[Piece, ...], start: int, length: int) -> None:
    assert _bytes(cut(pieces, start, length), None) == _bytes(pieces, None)[start : start + length]


@given(st.lists(st.tuples(some_pieces, st.just(INSIDE)), max_size=5))
def test_a_join_is_a_concatenation(stored: list[tuple[tuple[Piece, ...], bytes]]) -> None:
    pieces, body = join(stored)
    assert _bytes(pieces, body or b"") == b"".join(_bytes(some, None) for some, _ in stored)
    used = sum(p.length for p in pieces if p.blob is None)
    assert len(body or b"") == used  # nothing is kept that is not shown
