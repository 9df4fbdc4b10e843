"""Packing events into chunks, and reading many chunks back in one order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from owari.services.logs.chunks import (
    CHUNK_SPAN_MS,
    EVENT_MAX_BYTES,
    Chunk,
    Event,
    backward,
    forward,
    pack,
    split_long,
)
from owari.services.logs.core import Cursor, Position, parse_token

TIMES = st.lists(st.integers(0, 5 * CHUNK_SPAN_MS), min_size=1, max_size=30).map(sorted)
BATCHES = st.lists(st.tuples(st.integers(1, 3), TIMES), max_size=8)


def stored(batches: list[tuple[int, list[int]]]) -> tuple[list[Chunk], dict[int, bytes]]:
    """Chunks as the index would give them, and the bytes each lies in."""
    chunks, bodies = [], {}
    next_number = {1: 0, 2: 0, 3: 0}
    for stream, times in batches:
        for events, body in pack([(t, f"{stream} at {t}") for t in times]):
            first, last = events[0][0], events[-1][0]
            assert last - first <= CHUNK_SPAN_MS
            start = len(bodies)
            number = next_number[stream]
            chunks.append(Chunk(first, stream, number, last, len(events), 1, start, 1, 0))
            next_number[stream] += len(events)
            bodies[start] = body
    return sorted(chunks), bodies


@given(BATCHES)
def test_events_come_back_in_order_both_ways(batches: list[tuple[int, list[int]]]) -> None:
    chunks, bodies = stored(batches)
    found: list[Event] = list(forward(chunks, lambda c: bodies[c.start]))
    assert found == sorted(found)
    wanted = sorted((t, s, f"{s} at {t}") for s, times in batches for t in times)
    assert sorted((e.timestamp, e.stream, e.message) for e in found) == wanted
    assert list(backward(reversed(chunks), lambda c: bodies[c.start])) == found[::-1]


def test_backward_reads_only_what_it_needs() -> None:
    chunks, bodies = stored([(1, [n * 10_000]) for n in range(100)])
    read: list[int] = []

    def load(chunk: Chunk) -> bytes:
        read.append(chunk.start)
        return bodies[chunk.start]

    newest = next(backward(reversed(chunks), load))
    assert newest.timestamp == 990_000
    assert read == [99]


@given(st.text(max_size=50), st.integers(0, 200_000))
def test_long_messages_are_cut_between_characters(text: str, times: int) -> None:
    message = (text + "é") * (times % 2_000)
    pieces = split_long(message)
    assert "".join(pieces) == message
    assert all(len(piece.encode()) <= EVENT_MAX_BYTES for piece in pieces)


def test_a_very_long_message_is_cut() -> None:
    pieces = split_long("€" * 200_000)
    assert "".join(pieces) == "€" * 200_000
    assert [len(p.encode()) for p in pieces] == [262_143, 262_143, 75_714]


@given(st.integers(0, 2**47), st.integers(0, 2**50), st.integers(0, 2**39), st.booleans())
def test_tokens_carry_positions(time: int, stream: int, number: int, ahead: bool) -> None:
    cursor = Cursor(ahead, Position(time, stream, number))
    assert len(cursor.position.event_id()) == 56
    assert parse_token(cursor.token()) == cursor
