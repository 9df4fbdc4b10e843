"""What a drawing says of each state of an execution: a status and a few words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from owari.cli.workflow.history import Progress
from owari.cli.workflow.machine import Scope, every_name
from owari.cli.workflow.scene import Note
from owari.cli.workflow.visits import Iterations, Tally

ELSEWHERE = Note("elsewhere", "")
MapRuns = Mapping[str, Iterations]  # by ARN, as DescribeMapRun counts


def notes(progress: Progress, now: datetime, map_runs: MapRuns | None = None) -> dict[str, Note]:
    return {
        name: Note(status(tally), words(tally, now, map_runs or {}))
        for name, tally in progress.states.items()
    }


def elsewhere(scope: Scope, progress: Progress, told: Mapping[str, Note]) -> dict[str, Note]:
    """With a note for the states of distributed Maps: they run in executions of their own."""
    found = dict(told)
    for state in scope.states:
        tally = progress.states.get(state.name)
        for inner in state.scopes:
            if tally is not None and tally.map_run:
                found = dict.fromkeys(every_name(inner), ELSEWHERE) | found
            found = elsewhere(inner, progress, found)
    return found


def status(tally: Tally) -> str:
    """One of palette.LOOKS."""
    if tally.running:
        return "running"
    return "failed" if tally.failed else tally.status


def words(tally: Tally, now: datetime, map_runs: MapRuns) -> str:
    """`3/8 · 1 failed · 2.1 s · 1 retry`."""
    counts = tally.iterations
    if tally.map_run:  # its iterations are executions of their own
        counts = map_runs.get(tally.map_run, Iterations())
    found = []
    if counts.total:
        found.append(f"{counts.done}/{counts.total}")
        if counts.failed:
            found.append(f"{counts.failed} failed")
    elif tally.entered > 1:
        done = tally.entered - tally.running
        found.append(f"{done}/{tally.entered}" if tally.running else f"×{tally.entered}")
    found.append(length(_spent_s(tally, now)))
    if tally.retries:
        found.append(f"{tally.retries} {'retry' if tally.retries == 1 else 'retries'}")
    if tally.error and status(tally) in ("failed", "caught"):
        found.append(tally.error)
    return " · ".join(found)


def _spent_s(tally: Tally, now: datetime) -> float:
    """Of its visits together; of one that still runs, so far."""
    if tally.running and tally.since is not None:
        return max(0.0, (now - tally.since).total_seconds())
    return tally.spent_s


def length(seconds: float) -> str:
    """A time for people: `35 ms`, `2.1 s`, `4 min 7 s`."""
    if seconds < 0.9995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, s = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {s} s"
    hours, m = divmod(minutes, 60)
    return f"{hours} h {m} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"
