"""The window over the outbox: the next effects by time, of however many there are.

The table is the truth. What is `known` here was loaded and waits for its time; what is not leased,
due before `beyond` and not known is being carried out (the engine's `flight`).
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable

from owari.store import outbox
from owari.store.outbox import Envelope

MOST = 4_096  # effects kept in memory
LOOK_AHEAD_S = 60.0


class Window:
    """`flight`: effects that are being carried out, by id; they are never known here too."""

    def __init__(self, reader: sqlite3.Connection, flight: dict[str, Envelope]) -> None:
        self.known: dict[str, Envelope] = {}
        self._reader = reader
        self._flight = flight
        self._timers: list[tuple[float, int, str]] = []
        self._beyond = 0.0  # rows due at or after this may not be loaded; inf: all are

    def add(self, envelope: Envelope) -> None:
        if envelope.id in self._flight:
            return
        self.known[envelope.id] = envelope
        heapq.heappush(self._timers, (envelope.due, envelope.seq, envelope.id))

    def offer(self, envelope: Envelope) -> None:
        """A new one: kept here if there is room."""
        if len(self.known) < MOST:
            self.add(envelope)
        else:
            self._beyond = min(self._beyond, envelope.due)

    def begin_due(self, now: float, begin: Callable[[Envelope], bool]) -> float:
        """Call `begin` for each that is due, which answers False when it has to wait for another.

        Returns when the next effect is due (inf: none).
        """
        self._refill(now)
        waiting: list[tuple[float, int, str]] = []
        while self._timers and self._timers[0][0] <= now:
            entry = heapq.heappop(self._timers)
            envelope = self.known.get(entry[2])
            if envelope is None or envelope.due != entry[0]:
                continue
            if not begin(envelope):
                waiting.append(entry)
        for entry in waiting:
            heapq.heappush(self._timers, entry)
        soonest = self._beyond if len(self.known) <= MOST // 2 else float("inf")
        if self._timers and not waiting:
            soonest = min(soonest, self._timers[0][0])
        return soonest

    def _refill(self, now: float) -> None:
        if self._beyond > now or len(self.known) > MOST // 2:
            return
        most = MOST + len(self._flight)
        rows = outbox.due_before(self._reader, now + LOOK_AHEAD_S, most)
        for envelope in rows:
            if envelope.id not in self.known and envelope.lease is None:
                self.add(envelope)
        if len(rows) == most:
            self._beyond = rows[-1].due
        else:
            upcoming = outbox.next_due(self._reader, now + LOOK_AHEAD_S)
            self._beyond = upcoming if upcoming is not None else float("inf")
