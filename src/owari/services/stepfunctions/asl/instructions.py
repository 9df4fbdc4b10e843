"""What the interpreter asks its shell to do. All are carried out after the commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.services.stepfunctions.asl.resource import Resource


@dataclass(frozen=True, slots=True)
class ScheduleTask:
    """Run a task and report under its token. `parameters` is JSON text. Timeouts are kept by
    timers of the interpreter's own; these are for information (an activity's worker)."""

    frame: str
    token: str
    resource: Resource
    parameters: str
    timeout_s: int | None = None
    heartbeat_s: int | None = None
    credentials: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Report `TimerFired(frame, key)` at this time; an equal key replaces the timer."""

    frame: str
    key: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    frame: str
    key: str


@dataclass(frozen=True, slots=True)
class CancelTask:
    frame: str
    token: str


@dataclass(frozen=True, slots=True)
class ReadItems:
    """A distributed Map's ItemReader: report `ItemsRead` or `ItemsUnreadable`. `path` is the
    ItemsPath to apply to what a JSON object holds."""

    frame: str
    run_arn: str
    reader: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StartMapRun:
    """A map run begins: `part` of the definition is what its child executions run."""

    frame: str
    run_arn: str
    part: str
    execution_type: str
    total: int
    max_concurrency: int
    tolerated_count: int | None
    tolerated_percentage: float | None


@dataclass(frozen=True, slots=True)
class StartChild:
    """One child execution of a map run; report `ChildFinished`. `input` is JSON text."""

    frame: str
    run_arn: str
    index: int
    part: str
    execution_type: str
    input: str


@dataclass(frozen=True, slots=True)
class WriteResults:
    """A distributed Map's ResultWriter: report `ResultsWritten` or `ResultsUnwritable`."""

    frame: str
    run_arn: str
    writer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StopMapRun:
    """No further child is needed: stop those that run. `status` is the map run's."""

    frame: str
    run_arn: str
    status: str


@dataclass(frozen=True, slots=True)
class Continue:
    """The turn was cut short: come back with `Continued` soon."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The execution has ended: drop its timers, tasks and frames."""

    status: str
    output: str | None = None
    error: str | None = None
    cause: str | None = None


Instruction = (
    ScheduleTask
    | StartTimer
    | CancelTimer
    | CancelTask
    | ReadItems
    | StartMapRun
    | StartChild
    | WriteResults
    | StopMapRun
    | Continue
    | Finish
)
