"""The two clocks: service time (scalable, persisted, never backwards) and real time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Epoch seconds. `now` never goes back; `real` is what the machine says."""

    def now(self) -> float: ...

    def real(self) -> float: ...


@dataclass(slots=True)
class ServiceClock:
    """Service time runs `speed` times as fast as real time, from the later of the wall clock
    and the last time stored; a wall clock set back or forward while running does not move it.
    """

    speed: float = 1.0
    started: float = 0.0
    monotonic: float = 0.0

    def begin(self, stored: float) -> None:
        self.started = max(time.time(), stored)
        self.monotonic = time.monotonic()

    def now(self) -> float:
        return self.started + (time.monotonic() - self.monotonic) * self.speed

    def real(self) -> float:
        return time.time()
