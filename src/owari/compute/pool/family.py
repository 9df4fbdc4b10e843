"""The environments of one identity, and the calls that wait for one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

from owari.compute.pool.instructions import Call

FINISHING_S = 1.0  # what has answered is counted on for so long


class State(IntEnum):
    STARTING = 0
    IDLE = 1
    BUSY = 2


@dataclass(slots=True)
class Environment:
    number: int
    family: Family
    memory_mib: int
    since: float  # when it entered its state
    deadline: float  # of the start or the call it is busy with
    fresh_until: float
    state: State = State.STARTING
    call: Call | None = None
    used: bool = False
    expired: bool = False
    answered: bool = False  # busy, but only for a moment more


@dataclass(slots=True)
class Family:
    """The environments and the waiting calls of one identity."""

    identity: str
    slot: str
    waiting: deque[tuple[float, Call]] = field(default_factory=deque)
    idle: list[Environment] = field(default_factory=list)  # the last is the most recently used
    starting: int = 0
    busy: int = 0
    finishing: int = 0  # of the busy ones: they have answered
    kept: int = 0  # so many are to be there, used or not
    kept_call: Call | None = None  # what they would be started for
    keep_from: float = 0.0  # when the next may be started: after a failure not at once

    @property
    def size(self) -> int:
        return self.starting + self.busy + len(self.idle)

    def hungry(self, now: float) -> int:
        """How many waiting calls no environment is on its way to."""
        if not self.waiting:
            return 0
        soon = self.finishing if now < self.waiting[0][0] + FINISHING_S else 0
        return max(len(self.waiting) - self.starting - soon, 0)

    def hungry_from(self) -> float:
        """When `hungry` is more than nothing at the earliest; some wait."""
        missing = len(self.waiting) - self.starting
        if missing <= 0:
            return float("inf")
        return 0.0 if missing > self.finishing else self.waiting[0][0] + FINISHING_S

    @property
    def spare(self) -> int:
        """How many idle ones may go."""
        return min(len(self.idle), max(self.size - self.kept, 0))
