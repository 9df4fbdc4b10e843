"""Telling the interpreter, and doing what it asks, all in one transaction.

`tell` runs turns until nothing more is to be told at once; `save` writes the outcome. Everything
that takes time is an effect: a task is a Call, a timer a Wake, a turn that was cut short a Wake
that is due now. Their reports come back through the reactions in reactions.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.services.stepfunctions import (
    activities,
    callbacks,
    events,
    execution_logs,
    executions,
    map_runs,
    running,
    scheduling,
)
from owari.services.stepfunctions.asl import instructions as do
from owari.services.stepfunctions.asl.frames import RUNNING, Frame
from owari.services.stepfunctions.asl.machine import step
from owari.services.stepfunctions.asl.reports import ChildFinished, Continued, Report
from owari.services.stepfunctions.core import EXPRESS_MAX_S, activity_name
from owari.services.stepfunctions.item_reader import read_items
from owari.services.stepfunctions.result_writer import write_results
from owari.services.stepfunctions.running import Running
from owari.services.stepfunctions.waking import cancel_wake, wake_at
from owari.store.tx import Tx


@dataclass(frozen=True, slots=True)
class TxChance:
    """Ids and random numbers from the transaction, so that a simulation repeats them."""

    tx: Tx

    def uuid(self) -> str:
        return self.tx.new_id()

    def random(self) -> float:
        return self.tx.random.random()


def tell(tx: Tx, r: Running, report: Report) -> None:
    """One report, and those that follow from it at once."""
    r.inbox.append(report)
    while r.inbox:
        outcome = step(
            r.machine,
            r.live,
            r.inbox.popleft(),
            now_ms=int(tx.now * 1000),
            chance=TxChance(tx),
            activity_exists=lambda arn: activities.find(tx, activity_name(arn)) is not None,
        )
        r.events += outcome.events
        for instruction in outcome.instructions:
            _obey(tx, r, instruction)


def _obey(tx: Tx, r: Running, instruction: do.Instruction) -> None:
    match instruction:
        case do.ScheduleTask():
            scheduling.schedule(tx, r, instruction)
        case do.StartTimer(frame, key, at_ms):
            wake_at(tx, r, "timer", at_ms / 1000, frame, key)
        case do.CancelTimer(frame, key):
            cancel_wake(tx, r, "timer", frame, key)
        case do.CancelTask(frame, token):
            scheduling.cancel(tx, r, frame, token)
        case do.Continue():
            wake_at(tx, r, "continue", tx.now)
        case do.ReadItems():
            r.inbox.append(read_items(tx, r, instruction))
        case do.StartMapRun():
            map_runs.begin(tx, r, instruction)
        case do.StartChild():
            r.children.append(instruction)
        case do.WriteResults():
            r.inbox.append(write_results(tx, r, instruction))
        case do.StopMapRun():
            map_runs.end(tx, r, instruction)
        case do.Finish():
            """Nothing here: `save` sees the status."""


def save(tx: Tx, r: Running, fixed: dict[str, Any] | None = None) -> None:
    """`fixed`: of a new execution, the further columns of its row."""
    if r.events:
        if not r.about.express:
            executions.append(tx, r.about.id, r.events)
        execution_logs.write(tx, r.about, r.execution, r.events)
        r.events = []
    if r.children:
        map_runs.enqueue(tx, r, r.children)
        r.children = []
    if r.execution.status == RUNNING:
        if not r.stored:
            _begin(tx, r, fixed or {})
        running.store(tx, r)
    else:
        _end(tx, r, fixed)


def _begin(tx: Tx, r: Running, fixed: dict[str, Any]) -> None:
    if not r.about.express or r.about.map_run is not None:
        executions.add(tx, r, fixed)
        events.announce(tx, r, RUNNING)
    limit = _time_limit_s(r)
    if limit is not None:
        wake_at(tx, r, "expiry", r.execution.started_ms / 1000 + limit)


def _time_limit_s(r: Running) -> float | None:
    own = r.machine.timeout_s
    return min(own or EXPRESS_MAX_S, EXPRESS_MAX_S) if r.about.express else own


def _end(tx: Tx, r: Running, fixed: dict[str, Any] | None) -> None:
    about, e, known = r.about, r.execution, r.stored
    if known:
        for frame in r.live.frames.values():
            _call_off(tx, r, frame)
        if _time_limit_s(r) is not None:
            cancel_wake(tx, r, "expiry")
    if not about.express or about.map_run is not None:
        if known:
            executions.end(tx, r)
        else:
            executions.add(tx, r, fixed or {})
            events.announce(tx, r, RUNNING)
        events.announce(tx, r, e.status)
    if e.status == "SUCCEEDED" or about.express or about.map_run is not None:
        running.drop(tx, r)
    else:
        running.store(tx, r)  # it may be redriven
    callbacks.ended(tx, r)
    if about.map_run is not None and known:
        _tell_parent(tx, r)


def _call_off(tx: Tx, r: Running, frame: Frame) -> None:
    for key in frame.timers:
        cancel_wake(tx, r, "timer", frame.id, key)
    if frame.wait is not None and not frame.done:
        scheduling.cancel(tx, r, frame.id, frame.wait)


def child_report(tx: Tx, r: Running) -> ChildFinished:
    assert r.about.map_run is not None and r.about.map_index is not None
    run = map_runs.find(tx, r.about.map_run)
    assert run is not None
    e = r.execution
    return ChildFinished(
        run["frame"], run["arn"], r.about.map_index, e.status, e.output, e.error, e.cause
    )


def _tell_parent(tx: Tx, r: Running) -> None:
    """A child of a map run that ended after the transaction that started it."""
    assert r.about.parent is not None and r.about.map_run is not None
    map_runs.count_end(tx, r.about.map_run, r.execution.status, r.about.item_count or 1)
    parent = running.load(tx, r.about.parent)
    if parent is not None:
        tell(tx, parent, child_report(tx, r))
        save(tx, parent)


def advance(tx: Tx, execution: int, report: Report) -> Running | None:
    """Tell a stored execution. None when it has ended for good."""
    r = running.load(tx, execution)
    if r is not None:
        tell(tx, r, report)
        save(tx, r)
    return r


def go_on(tx: Tx, execution: int) -> None:
    advance(tx, execution, Continued())
