"""The children of an array, packed: a letter each, a few hundred to a chunk.

A chunk is only there once one of its children differs from the array's `rest` state. The times of
children that succeeded at the first attempt lie here too, so they need no row of their own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from owari.services.batch.core import RUNNABLE, TRANSITIONS

CHUNK = 256
_TIMES = struct.Struct("<dd")


def chunk_of(index: int) -> int:
    return index // CHUNK


def chunk_count(size: int) -> int:
    return -(-size // CHUNK)


def chunk_length(size: int, number: int) -> int:
    return min(CHUNK, size - number * CHUNK)


@dataclass(slots=True)
class Chunk:
    """`states`: a letter (ASCII) per child; `times`: (started, stopped) per child, or empty."""

    number: int
    states: bytearray
    times: bytearray

    @classmethod
    def fresh(cls, size: int, number: int, state: str) -> Chunk:
        return cls(number, bytearray(state.encode() * chunk_length(size, number)), bytearray())

    @property
    def first(self) -> int:
        return self.number * CHUNK

    @property
    def ready(self) -> int:
        return self.states.count(RUNNABLE.encode())

    @property
    def has_ready(self) -> bool:
        return ord(RUNNABLE) in self.states

    def state(self, index: int) -> str:
        return chr(self.states[index - self.first])

    def move(self, index: int, to: str) -> str:
        """Returns the state it was in."""
        place = index - self.first
        before = chr(self.states[place])
        assert to in TRANSITIONS.get(before, ""), f"child {index}: {before} does not become {to}"
        self.states[place] = ord(to)
        return before

    def move_all(self, of: str, to: str) -> dict[str, int]:
        """Every child in one of the states `of`; returns how many were in each."""
        moved = {letter: self.states.count(letter.encode()) for letter in of}
        table = bytes.maketrans(of.encode(), to.encode() * len(of))
        self.states[:] = self.states.translate(table)
        return {letter: n for letter, n in moved.items() if n}

    def indexes(self, states: str) -> Iterator[int]:
        """Of children in one of these states, ascending."""
        wanted = set(states.encode())
        return (self.first + place for place, s in enumerate(self.states) if s in wanted)

    def take_ready(self, most: int) -> list[int]:
        """The first runnable children; they stay so until moved."""
        found: list[int] = []
        place = self.states.find(RUNNABLE.encode())
        while place >= 0 and len(found) < most:
            found.append(self.first + place)
            place = self.states.find(RUNNABLE.encode(), place + 1)
        return found

    def set_times(self, index: int, started: float, stopped: float) -> None:
        if not self.times:
            self.times = bytearray(_TIMES.size * len(self.states))
        _TIMES.pack_into(self.times, _TIMES.size * (index - self.first), started, stopped)

    def times_of(self, index: int) -> tuple[float, float] | None:
        """Epoch seconds, of a child that succeeded at its first attempt."""
        if not self.times:
            return None
        started, stopped = _TIMES.unpack_from(self.times, _TIMES.size * (index - self.first))
        return (started, stopped) if stopped else None
