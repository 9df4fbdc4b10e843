"""Log lines: cut from a pipe, gathered per stream, shipped in batches through the journal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from owari.compute.agent import protocol

RECORD = "\x1e"  # runtime/faults.py: a line break inside one event
EVENT_MAX_BYTES = 256 * 1024 - 26  # CloudWatch Logs quotas: log event size
TAIL_BYTES = 4096  # Invoke API: LogResult
FLUSH_INTERVAL_S = 0.1
FLUSH_BYTES = 256 * 1024


class Lines:
    """Bytes of a pipe → texts of events, each with its line end, as Lambda logs them.

    With `end` empty as the awslogs driver of ECS and Batch logs them: without.
    """

    def __init__(self, end: str = "\n") -> None:
        self._rest = b""
        self._end = end

    def feed(self, data: bytes) -> list[str]:
        joined = self._rest + data
        *whole, self._rest = joined.split(b"\n")
        if len(self._rest) > EVENT_MAX_BYTES:
            *pieces, self._rest = _pieces(self._rest)
            whole += pieces
        if not self._end and len(joined) <= EVENT_MAX_BYTES:
            return [line.decode("utf-8", "replace") for line in whole]
        return [text for line in whole for text in _events(line, self._end)]

    def finish(self) -> list[str]:
        """What came without a line end."""
        rest, self._rest = self._rest, b""
        return _events(rest, self._end) if rest else []


def _events(line: bytes, end: str) -> list[str]:
    texts = [piece.decode("utf-8", "replace") for piece in _pieces(line)]
    return [text.replace(RECORD, "\n") + end for text in texts] if end else texts


def _pieces(line: bytes) -> list[bytes]:
    """No longer than an event may be, and not cut within a character."""
    found = []
    while len(line) > EVENT_MAX_BYTES:
        cut = EVENT_MAX_BYTES
        while cut > EVENT_MAX_BYTES - 4 and line[cut] & 0xC0 == 0x80:
            cut -= 1
        found.append(line[:cut])
        line = line[cut:]
    return [*found, line]


@dataclass(slots=True, eq=False)
class Stream:
    """One log stream: where its events go, and those not shipped yet."""

    account: str
    region: str
    group: str
    name: str
    events: list[tuple[int, str]] = field(default_factory=list)
    is_open: bool = False  # the server has heard of it, or will


class Tail:
    """The last 4 KiB of an invocation's log."""

    __slots__ = ("_bytes", "_texts")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._bytes = 0

    def add(self, text: str) -> None:
        self._texts.append(text)
        self._bytes += len(text)
        if self._bytes > 16 * TAIL_BYTES:
            self._texts = ["".join(self._texts)[-TAIL_BYTES:]]
            self._bytes = TAIL_BYTES

    def bytes(self) -> bytes:
        return "".join(self._texts).encode()[-TAIL_BYTES:]


class Shipper:
    """Gathers events and hands batches (JSON lists of log records) to `journal`."""

    def __init__(self, journal: Callable[[bytes], None], is_full: Callable[[], bool]) -> None:
        self._journal = journal
        self._is_full = is_full
        self._dirty: dict[Stream, None] = {}
        self._bytes = 0
        self._due = float("inf")
        self._dropped = 0

    def add(self, stream: Stream, text: str) -> None:
        if self._is_full():
            self._dropped += 1
            return
        stream.events.append((int(time.time() * 1000), text))
        stream.is_open = True
        if stream not in self._dirty:
            self._dirty[stream] = None
        self._bytes += len(text)

    def open(self, stream: Stream) -> None:
        """Have it be there, whether anything is ever written to it or not."""
        if not stream.is_open:
            stream.is_open = True
            self._dirty[stream] = None

    def tick(self, now: float) -> float:
        """Ship what is due; when to come again."""
        if not self._dirty:
            return float("inf")
        if self._due == float("inf"):
            self._due = now + FLUSH_INTERVAL_S
        if now >= self._due or self._bytes >= FLUSH_BYTES:
            self.flush()
            return float("inf")
        return self._due

    def flush(self) -> None:
        if not self._dirty:
            return
        self._mention_dropped()
        records: list[dict[str, Any]] = [
            {
                "account": stream.account,
                "region": stream.region,
                "group": stream.group,
                "stream": stream.name,
                "events": stream.events,
            }
            for stream in self._dirty
        ]
        self._journal(protocol.encode(records).encode("utf-8", "replace"))
        for stream in self._dirty:
            stream.events = []
        self._dirty.clear()
        self._bytes = 0
        self._due = float("inf")

    def _mention_dropped(self) -> None:
        if self._dropped:
            text = f"[owari] {self._dropped} log lines were dropped: the server was away too long\n"
            next(iter(self._dirty)).events.append((int(time.time() * 1000), text))
            self._dropped = 0
