"""How events lie in the segments: chunks, and reading many of them back in one order.

A chunk holds consecutive events of one stream, spanning at most CHUNK_SPAN_MS. That bound is
what makes an index on a chunk's *first* timestamp enough: an event at time t can only lie in a
chunk that begins between t - CHUNK_SPAN_MS and t, so forward and backward reading both know
when no earlier (later) event can follow any more, without looking at every chunk.
"""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import orjson

CHUNK_SPAN_MS = 60_000
CHUNK_MAX_CHARS = 256 * 1024
CHUNK_MAX_EVENTS = 2_000
EVENT_MAX_BYTES = 256 * 1024

Pair = tuple[int, str]  # timestamp (ms), message


class Chunk(NamedTuple):
    """One row of the chunk index."""

    first_ts: int
    stream: int
    first_number: int
    last_ts: int
    events: int
    segment: int
    start: int
    length: int
    ingested: int


class Event(NamedTuple):
    """Ordered as positions are: by time, stream, number."""

    timestamp: int
    stream: int
    number: int
    message: str
    ingested: int


Load = Callable[[Chunk], bytes]


def pack(events: list[Pair]) -> Iterator[tuple[list[Pair], bytes]]:
    """Cut events (in chronological order) into chunks; each with its bytes."""
    start = chars = 0
    for n, (timestamp, message) in enumerate(events):
        full = chars + len(message) > CHUNK_MAX_CHARS or n - start >= CHUNK_MAX_EVENTS
        if n > start and (full or timestamp - events[start][0] > CHUNK_SPAN_MS):
            yield _packed(events[start:n])
            start, chars = n, 0
        chars += len(message)
    if start < len(events):
        yield _packed(events[start:])


def _packed(events: list[Pair]) -> tuple[list[Pair], bytes]:
    try:
        return events, orjson.dumps(events)
    except TypeError:  # lone surrogates: not UTF-8
        clean = [(t, m.encode("utf-8", "replace").decode()) for t, m in events]
        return events, orjson.dumps(clean)


def unpack(chunk: Chunk, data: bytes) -> list[Event]:
    """The events of a chunk; none if it was lost (only after a crash of the whole machine)."""
    try:
        pairs = orjson.loads(data)
    except orjson.JSONDecodeError:
        return []
    stream, ingested = chunk.stream, chunk.ingested
    numbered = enumerate(pairs, chunk.first_number)
    return [Event(t, stream, number, message, ingested) for number, (t, message) in numbered]


def split_long(message: str) -> list[str]:
    """A message cut into pieces of at most EVENT_MAX_BYTES of UTF-8."""
    if len(message) * 4 <= EVENT_MAX_BYTES:
        return [message]
    data = message.encode("utf-8", "replace")
    pieces = []
    start = 0
    while start < len(data):
        end = min(start + EVENT_MAX_BYTES, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        pieces.append(data[start:end].decode())
        start = end
    return pieces


def forward(chunks: Iterable[Chunk], load: Load) -> Iterator[Event]:
    """Events in order, from chunks ordered by first timestamp."""
    waiting: list[Event] = []
    for chunk in chunks:
        decided = bisect.bisect_left(waiting, (chunk.first_ts,))
        yield from waiting[:decided]
        del waiting[:decided]
        waiting += unpack(chunk, load(chunk))
        waiting.sort()  # two sorted runs, mostly one after the other: nearly free
    yield from waiting


def backward(chunks: Iterable[Chunk], load: Load) -> Iterator[Event]:
    """Events newest first, from chunks ordered by first timestamp, latest first."""
    reader = _Backward(load)
    for chunk in chunks:
        yield from reader.newer_than(chunk.first_ts + CHUNK_SPAN_MS)
        heapq.heappush(reader.unread, (-chunk.last_ts, chunk))
    yield from reader.newer_than(-1)


class _Backward:
    """Chunks not read yet (latest end first) and events not given yet (latest first)."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.unread: list[tuple[int, Chunk]] = []
        self.events: list[tuple[int, int, int, Event]] = []

    def newer_than(self, horizon: int) -> Iterator[Event]:
        """Events after `horizon`: no chunk still to come can hold one."""
        while True:
            latest_event = -self.events[0][0] if self.events else -1
            latest_chunk = -self.unread[0][0] if self.unread else -1
            if max(latest_event, latest_chunk) <= horizon:
                return
            if latest_chunk >= latest_event:
                _, chunk = heapq.heappop(self.unread)
                for e in unpack(chunk, self.load(chunk)):
                    heapq.heappush(self.events, (-e.timestamp, -e.stream, -e.number, e))
            else:
                yield heapq.heappop(self.events)[3]
