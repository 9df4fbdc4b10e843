"""Walking through the events of a stream or a group in order, from a position, a page at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from owari.services.logs import core
from owari.services.logs.chunks import CHUNK_SPAN_MS, Chunk, Event, backward, forward
from owari.services.logs.core import Cursor, Position
from owari.store.tx import Row, Tx

PAGE_MAX_BYTES = 1_048_576
PAGE_MAX_EVENTS = 10_000
ROWS_AT_ONCE = 200

_COLUMNS = "first_ts, stream_id, first_number, last_ts, count, segment, start, length, ingested"


@dataclass(frozen=True, slots=True)
class Window:
    """Events with `start` ≤ timestamp ≤ `end` (ms), beyond `cursor`'s position."""

    start: int
    end: int
    cursor: Cursor


def window(p: dict[str, int], group: Row, now_ms: int, cursor: Cursor, end: int) -> Window:
    """What a request asks for, less what retention has taken away."""
    start = max(p.get("startTime", 0), core.kept_since(now_ms, group["retention_days"]))
    return Window(start, end, cursor)


def first_cursor(*, forward: bool) -> Cursor:
    return Cursor(forward, Position(0) if forward else Position(2**62))


@dataclass(slots=True)
class Search:
    """Reads chunks of one group; of `streams` only, unless that is None. Counts what it reads."""

    tx: Tx
    group: Row
    window: Window
    streams: list[int] | None
    read_bytes: int = field(default=0)

    def events(self) -> Iterator[Event]:
        w, at = self.window, self.window.cursor.position
        if w.cursor.forward:
            after = (at.timestamp, at.stream, at.number + 1)
            for event in forward(self._chunks(), self._load):
                if event > after and w.start <= event.timestamp <= w.end:
                    yield event
        else:
            before = (at.timestamp, at.stream, at.number)
            for event in backward(self._chunks(), self._load):
                if event < before and w.start <= event.timestamp <= w.end:
                    yield event

    def _load(self, chunk: Chunk) -> bytes:
        self.read_bytes += chunk.length
        try:
            return self.tx.segments.read(chunk.segment, chunk.start, chunk.length)
        except FileNotFoundError:  # cleared away between the snapshot and now
            return b"[]"

    def _chunks(self) -> Iterator[Chunk]:
        if self.streams is None:
            g = self.group
            where = "account = ? AND region = ? AND group_id = ?"
            return self._pages(where, (g["account"], g["region"], g["id"]))
        each = [self._pages("stream_id = ?", (stream,)) for stream in self.streams]
        return heapq.merge(*each, reverse=not self.window.cursor.forward)

    def _pages(self, where: str, args: tuple[object, ...]) -> Iterator[Chunk]:
        """Chunks that may hold events of the window, by first timestamp in its direction."""
        w, at = self.window, self.window.cursor.position.timestamp
        ahead = w.cursor.forward
        low = max(w.start, at if ahead else 0)
        high = min(w.end, 2**62 if ahead else at)
        order, beyond = ("ASC", ">") if ahead else ("DESC", "<")
        edge = (low - CHUNK_SPAN_MS, -1, -1) if ahead else (high, 2**62, 2**62)
        while True:
            page = self.tx.all(
                f"SELECT {_COLUMNS} FROM log_chunk WHERE {where}"
                f" AND (first_ts, stream_id, first_number) {beyond} (?, ?, ?)"
                " AND first_ts >= ? AND first_ts <= ? AND last_ts >= ?"
                f" ORDER BY first_ts {order}, stream_id {order}, first_number {order} LIMIT ?",
                *args, *edge, low - CHUNK_SPAN_MS, high, low, ROWS_AT_ONCE,
            )  # fmt: skip
            for row in page:
                yield Chunk(*row)
            if len(page) < ROWS_AT_ONCE:
                return
            edge = tuple(page[-1])[:3]


def event_bytes(event: Event) -> int:
    message = event.message
    return (len(message) if message.isascii() else len(message.encode("utf-8", "replace"))) + 26
