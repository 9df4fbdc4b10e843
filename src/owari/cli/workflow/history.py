"""An execution's events told one by one: where it is, and how each state fared.

The events are those of GetExecutionHistory. An event belongs to the visit of a state that its
`previousEventId` leads to; branches and iterations are thereby told apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from owari.cli.workflow.machine import END, START
from owari.cli.workflow.visits import Iterations, Taken, Tally, Visit

CONTAINERS = ("Parallel", "Map")
ENDINGS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
_WORK = ("LambdaFunction", "Activity", "Task", "Evaluation")
_BROKEN = ("Failed", "TimedOut")


@dataclass(slots=True)
class Progress:
    """Fed by `take`, event by event."""

    status: str = "RUNNING"
    started: datetime | None = None
    ended: datetime | None = None
    error: str = ""
    cause: str = ""
    culprit: Visit | None = None  # the state whose failure was the execution's
    states: dict[str, Tally] = field(default_factory=dict)
    taken: set[Taken] = field(default_factory=set)
    _owner: dict[int, Visit | None] = field(default_factory=dict)
    _open: dict[Visit, None] = field(default_factory=dict)
    _last_broken: Visit | None = None

    def take(self, event: dict[str, Any]) -> None:
        kind, at = event["type"], event["timestamp"]
        before = self._owner.get(event.get("previousEventId", 0))
        if kind.startswith("Execution"):
            self._execution(kind, at, event, before)
            visit = before
        elif kind.endswith("StateEntered"):
            name = event["stateEnteredEventDetails"]["name"]
            visit = self._enter(kind.removesuffix("StateEntered"), name, at, before)
        else:
            visit = self._within(kind, at, event, before or next(reversed(self._open), None))
        self._owner[event["id"]] = visit

    def _within(
        self, kind: str, at: datetime, event: dict[str, Any], before: Visit | None
    ) -> Visit | None:
        """What happens in a state; which one."""
        visit = before
        if kind.endswith("StateExited"):
            visit = self._named(event["stateExitedEventDetails"]["name"], before)
            if visit is not None:
                self._exit(visit, at)
        elif kind.endswith("StateAborted"):
            visit = self._aborted(kind.removesuffix("StateAborted"), before)
            if visit is not None:
                self._close(visit, "aborted", at)
        elif kind.startswith("Map"):
            visit = self._map(kind, at, event, before)
        elif kind.startswith("Parallel"):
            visit = _up_to(before, "Parallel")
            self._container(visit, kind, at)
        elif kind.startswith(_WORK) and before is not None:
            self._work(before, kind, event)
        return visit

    def tally(self, state: str) -> Tally:
        return self.states.setdefault(state, Tally())

    def _execution(
        self, kind: str, at: datetime, event: dict[str, Any], before: Visit | None
    ) -> None:
        if kind == "ExecutionStarted":
            self.started = at
        elif kind == "ExecutionRedriven":
            self._redriven()
        elif kind in ENDINGS:
            self.status, self.ended = ENDINGS[kind], at
            self.error, self.cause = _failure(event)
            if self.status == "FAILED":
                self._blame(before)
            blamed = set(self.culprit.upwards()) if self.culprit else set()
            for visit in list(self._open):
                broken = visit in blamed or self.status == "TIMED_OUT"
                self._close(visit, "failed" if broken else "aborted", at)

    def _blame(self, before: Visit | None) -> None:
        """The innermost state that broke, if the execution ended in it, else the last event's."""
        self.culprit = before
        broken = self._last_broken
        if broken is not None and broken.status != "caught" and before in {None, *broken.upwards()}:
            self.culprit = broken
        if self.culprit is not None:
            tally = self.tally(self.culprit.state)
            tally.error = tally.error or self.error
            if self.culprit.status not in ("running", "failed"):
                tally.status = "failed"

    def _redriven(self) -> None:
        """It goes on where it failed."""
        self.status, self.ended, self.error, self.cause = "RUNNING", None, "", ""
        for visit in self.culprit.upwards() if self.culprit else ():
            visit.status, visit.broken = "running", False
            self._open[visit] = None
            tally = self.tally(visit.state)
            tally.running += 1
            tally.failed = max(0, tally.failed - 1)
            tally.status, tally.error = "running", ""
        self.culprit = None

    def _enter(self, kind: str, name: str, at: datetime, before: Visit | None) -> Visit:
        parent = before
        while parent is not None and (parent.type not in CONTAINERS or parent not in self._open):
            parent = parent.parent
        source = before.state if before is not None and before is not parent else START
        self.taken.add(Taken(source, name, before is not None and before.status == "caught"))
        visit = Visit(name, kind, at, parent)
        self._open[visit] = None
        tally = self.tally(name)
        tally.entered += 1
        tally.running += 1
        tally.status, tally.since = "running", at
        for outer in parent.upwards() if parent else ():
            outer.inside.add(name)
        if kind == "Fail":
            self.taken.add(Taken(name, END))
            self._last_broken = visit
            visit.broken = True
        return visit

    def _exit(self, visit: Visit, at: datetime) -> None:
        if not visit.broken:
            self.taken.add(Taken(visit.state, END))
        self._close(visit, "caught" if visit.broken else "succeeded", at)

    def _close(self, visit: Visit, status: str, at: datetime) -> None:
        if self._open.pop(visit, self) is self:  # it is closed already
            return
        visit.status = status
        tally = self.tally(visit.state)
        tally.running -= 1
        tally.spent_s += (at - visit.entered).total_seconds()
        tally.status = status
        tally.failed += status == "failed"
        if status in ("failed", "caught"):
            tally.error = visit.error or tally.error

    def _work(self, visit: Visit, kind: str, event: dict[str, Any]) -> None:
        if kind.endswith(_BROKEN):
            visit.broken = True
            visit.error, visit.cause = _failure(event)
            self.tally(visit.state).error = visit.error
            self._last_broken = visit
        elif kind.endswith("Scheduled") and visit.broken:
            visit.broken = False
            self.tally(visit.state).retries += 1

    def _map(
        self, kind: str, at: datetime, event: dict[str, Any], before: Visit | None
    ) -> Visit | None:
        if kind.startswith("MapIteration"):
            details = event[kind[0].lower() + kind[1:] + "EventDetails"]
            visit = self._named(details["name"], before)
            if visit is not None:
                self._iteration(visit, kind, at, before)
            return visit
        visit = _up_to(before, "Map")
        if visit is None:
            return before
        if kind == "MapStateStarted":
            self._container(visit, kind, at)
            length = event.get("mapStateStartedEventDetails", {}).get("length", 0)
            visit.iterations.total = length
            self.tally(visit.state).iterations.total += length
        elif kind == "MapRunStarted":
            self.tally(visit.state).map_run = event["mapRunStartedEventDetails"]["mapRunArn"]
        elif kind == "MapRunFailed":
            visit.error, visit.cause = _failure(event)
            visit.broken, self._last_broken = True, visit
        else:
            self._container(visit, kind, at)
        return visit

    def _iteration(self, visit: Visit, kind: str, at: datetime, before: Visit | None) -> None:
        tally = self.tally(visit.state)
        match kind.removeprefix("MapIteration"):
            case "Succeeded":
                visit.iterations.done += 1
                tally.iterations.done += 1
            case "Failed":
                visit.iterations.failed += 1
                tally.iterations.failed += 1
                self._close_up_to(before, visit, "failed", at)
            case "Aborted":
                self._close_up_to(before, visit, "aborted", at)

    def _close_up_to(self, inner: Visit | None, outer: Visit, status: str, at: datetime) -> None:
        for visit in list(inner.upwards()) if inner else ():
            if visit is outer:
                return
            self._close(visit, status, at)

    def _container(self, visit: Visit | None, kind: str, at: datetime) -> None:
        """A Parallel or Map starts (again), or has failed."""
        if visit is None:
            return
        if kind.endswith("Failed"):
            visit.broken = True
            reason = self._last_broken
            if reason is None or visit not in set(reason.upwards()):
                self._last_broken = visit
            elif not visit.error:
                visit.error, visit.cause = reason.error, reason.cause
            for inner in [v for v in self._open if v is not visit and visit in set(v.upwards())]:
                self._close(inner, "failed" if inner.broken else "aborted", at)
        elif kind.endswith("Started") and visit.broken:
            self._again(visit)

    def _again(self, visit: Visit) -> None:
        """A retry: what went wrong within it counts no more."""
        visit.broken, visit.error, visit.cause = False, "", ""
        tally = self.tally(visit.state)
        tally.retries += 1
        tally.iterations.total -= visit.iterations.total
        tally.iterations.done -= visit.iterations.done
        tally.iterations.failed -= visit.iterations.failed
        visit.iterations = Iterations()
        for name in visit.inside:
            self.tally(name).failed = 0

    def _aborted(self, kind: str, before: Visit | None) -> Visit | None:
        """Whose end it is: the event may follow that of the failure that ended it."""
        if before in self._open and before is not None and before.type == kind:
            return before
        return next((v for v in reversed(self._open) if v.type == kind and not v.broken), None)

    def _named(self, name: str, before: Visit | None) -> Visit | None:
        for visit in before.upwards() if before else ():
            if visit.state == name:
                return visit
        return next((v for v in reversed(self._open) if v.state == name), before)


def _up_to(visit: Visit | None, kind: str) -> Visit | None:
    return next((v for v in visit.upwards() if v.type == kind), None) if visit else None


def _failure(event: dict[str, Any]) -> tuple[str, str]:
    """The error and cause in an event's details, whatever its type."""
    for name, details in event.items():
        if name.endswith("EventDetails") and isinstance(details, dict):
            return str(details.get("error", "")), str(details.get("cause", ""))
    return "", ""
