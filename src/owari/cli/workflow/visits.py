"""What is remembered of an execution's states: each visit, and all visits together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True, eq=False)
class Visit:
    """One entry into a state. `broken`: its latest attempt failed; it may be retried or caught."""

    state: str
    type: str
    entered: datetime
    parent: Visit | None
    status: str = "running"
    broken: bool = False
    error: str = ""
    cause: str = ""
    iterations: Iterations = field(default_factory=lambda: Iterations())
    inside: set[str] = field(default_factory=set)  # the states visited within it

    def upwards(self) -> Iterator[Visit]:
        visit: Visit | None = self
        while visit is not None:
            yield visit
            visit = visit.parent

    @property
    def path(self) -> str:
        return " → ".join(reversed([visit.state for visit in self.upwards()]))


@dataclass(slots=True)
class Iterations:
    total: int = 0
    done: int = 0
    failed: int = 0


@dataclass(slots=True)
class Tally:
    """All visits of a state together; `spent_s` of those that ended."""

    entered: int = 0
    running: int = 0
    failed: int = 0
    retries: int = 0
    spent_s: float = 0.0
    status: str = "waiting"
    since: datetime | None = None
    error: str = ""
    iterations: Iterations = field(default_factory=Iterations)
    map_run: str = ""
    counting: bool = False  # the Map run may have moved since it was asked


@dataclass(frozen=True, slots=True)
class Taken:
    source: str
    target: str
    caught: bool = False
