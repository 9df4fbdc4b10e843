"""What the shell tells the interpreter. A report for what is no longer awaited is ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Started:
    """The execution begins."""


@dataclass(frozen=True, slots=True)
class Continued:
    """A turn that was cut short goes on."""


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A worker took an activity's task."""

    frame: str
    token: str
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class TaskSubmitted:
    """A `.sync` or `.waitForTaskToken` call was made; its result is still to come."""

    frame: str
    token: str
    output: str


@dataclass(frozen=True, slots=True)
class TaskSucceeded:
    """`output` is JSON text."""

    frame: str
    token: str
    output: str


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """`step`: "" for the task itself, or "Schedule", "Submit", "Start" where that failed."""

    frame: str
    token: str
    error: str | None
    cause: str | None
    step: str = ""


@dataclass(frozen=True, slots=True)
class TaskHeartbeat:
    frame: str
    token: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    frame: str
    key: str


@dataclass(frozen=True, slots=True)
class ItemsRead:
    frame: str
    run_arn: str
    items: list[Any]


@dataclass(frozen=True, slots=True)
class ItemsUnreadable:
    frame: str
    run_arn: str
    cause: str
    error: str = "States.ItemReaderFailed"


@dataclass(frozen=True, slots=True)
class ChildFinished:
    """`output` is JSON text of a child that succeeded."""

    frame: str
    run_arn: str
    index: int
    status: str
    output: str | None = None
    error: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class MapRunUpdated:
    """UpdateMapRun: new bounds. A `limit` of 0 is the largest."""

    frame: str
    run_arn: str
    limit: int
    tolerated_count: int | None
    tolerated_percentage: float | None


@dataclass(frozen=True, slots=True)
class ResultsWritten:
    """`output` is JSON text: where the results lie."""

    frame: str
    run_arn: str
    output: str


@dataclass(frozen=True, slots=True)
class ResultsUnwritable:
    frame: str
    run_arn: str
    cause: str
    error: str = "States.ResultWriterFailed"


@dataclass(frozen=True, slots=True)
class Abort:
    """StopExecution."""

    error: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Redriven:
    """RedriveExecution: go on from where it failed."""


@dataclass(frozen=True, slots=True)
class ExecutionTimedOut:
    """The machine's own TimeoutSeconds, or Express's five minutes, have passed."""


Report = (
    Started
    | Continued
    | TaskStarted
    | TaskSubmitted
    | TaskSucceeded
    | TaskFailed
    | TaskHeartbeat
    | TimerFired
    | ItemsRead
    | ItemsUnreadable
    | ChildFinished
    | MapRunUpdated
    | ResultsWritten
    | ResultsUnwritable
    | Abort
    | Redriven
    | ExecutionTimedOut
)
