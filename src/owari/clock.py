"""The two clocks: service time (scalable, persisted, never backwards) and real time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Epoch seconds. `now` never goes back; `real` is what the machine says."""

    def now(self) -> float: ...

    def real(self) -> float: ...


# The monotonic clock that goes on while a laptop sleeps: Linux has one of its own for that.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _steady() -> float:
    return time.clock_gettime(_STEADY)


@dataclass(slots=True)
class ServiceClock:
    """Service time runs `speed` times as fast as real time, from the later of the wall clock
    and the last time stored; a wall clock set back or forward while running does not move it.
    """

    speed: float = 1.0
    started: float = 0.0
    steady: float = 0.0

    def begin(self, stored: float) -> None:
        self.started = max(time.time(), stored)
        self.steady = _steady()

    def now(self) -> float:
        return self.started + (_steady() - self.steady) * self.speed

    def real(self) -> float:
        return time.time()
