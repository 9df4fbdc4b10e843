"""A window over the outbox: the next effects of some kinds by time, of however many there are.

The table is the truth. What is `known` here was loaded and waits for its time; what is not leased,
first in its order, due before `beyond` and not known is being carried out (the engine's `flight`).
Kinds that have to wait for room have windows of their own, so they hold up no other.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable

from owari.store import outbox
from owari.store.outbox import Envelope

MOST = 4_096  # effects kept in memory
LOOK_AHEAD_S = 60.0
INF = float("inf")


class Window:
    """`kinds`: of outbox.py. `flight`: effects that are being carried out, by id; they are never
    known here too. `has_room()`: may another be begun?"""

    def __init__(
        self,
        reader: sqlite3.Connection,
        kinds: str,
        flight: dict[str, Envelope],
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        self.known: dict[str, Envelope] = {}
        self._reader = reader
        self._kinds = kinds
        self._flight = flight
        self._has_room = has_room
        self._timers: list[tuple[float, int, str]] = []
        self._beyond = 0.0  # rows due at or after this may not be loaded; inf: all are

    def add(self, envelope: Envelope) -> None:
        if envelope.id in self._flight:
            return
        self.known[envelope.id] = envelope
        if len(self._timers) > 2 * len(self.known):  # of those that were withdrawn
            self._timers = [(e.due, e.seq, e.id) for e in self.known.values()]
            heapq.heapify(self._timers)
        else:
            heapq.heappush(self._timers, (envelope.due, envelope.seq, envelope.id))

    def offer(self, envelope: Envelope) -> None:
        """A new one: kept here if there is room."""
        if len(self.known) < MOST:
            self.add(envelope)
        else:
            self._beyond = min(self._beyond, envelope.due)

    def begin_due(self, now: float, begin: Callable[[Envelope], None]) -> float:
        """Call `begin` for each that is due, as far as there is room.

        Returns when the next effect is due (inf: none, or not before there is room again).
        """
        self._refill(now)
        while self._timers and self._timers[0][0] <= now:
            if not self._has_room():
                return INF
            due, _, id = heapq.heappop(self._timers)
            envelope = self.known.get(id)
            if envelope is not None and envelope.due == due:
                begin(envelope)
        soonest = self._beyond if len(self.known) <= MOST // 2 else INF
        return min(soonest, self._timers[0][0]) if self._timers else soonest

    def _refill(self, now: float) -> None:
        if self._beyond > now or len(self.known) > MOST // 2:
            return
        most = MOST + len(self._flight)
        rows = outbox.due_before(self._reader, self._kinds, now + LOOK_AHEAD_S, most)
        for envelope in rows:
            if envelope.id not in self.known:
                self.add(envelope)
        if len(rows) == most:
            self._beyond = rows[-1].due
        else:
            upcoming = outbox.next_due(self._reader, self._kinds, now + LOOK_AHEAD_S)
            self._beyond = INF if upcoming is None else upcoming
