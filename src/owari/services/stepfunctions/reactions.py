"""What happens when an effect reports: each is one more turn of its execution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari.effects import Call, Report
from owari.services.stepfunctions import executions, outside, running, synchronous
from owari.services.stepfunctions.advance import advance, go_on, save, tell
from owari.services.stepfunctions.asl.definition import Task
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.reports import (
    ExecutionTimedOut,
    TaskFailed,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from owari.services.stepfunctions.asl.resource import Resource
from owari.services.stepfunctions.core import execution_ref
from owari.services.stepfunctions.integrations import (
    Failed,
    failure_of,
    output_of,
    target_of,
)
from owari.services.stepfunctions.running import Running
from owari.services.stepfunctions.waking import parts_of
from owari.store.tx import Tx
from owari.wire.operation import reaction


@reaction("stepfunctions", "timer")
def on_timer(tx: Tx, report: Report) -> None:
    execution, (frame, key) = parts_of(report.key)
    advance(tx, execution, TimerFired(frame, key))


@reaction("stepfunctions", "continue")
def on_continue(tx: Tx, report: Report) -> None:
    go_on(tx, parts_of(report.key)[0])


@reaction("stepfunctions", "expiry")
def on_expiry(tx: Tx, report: Report) -> None:
    advance(tx, parts_of(report.key)[0], ExecutionTimedOut())


@reaction("stepfunctions", "ignored")
def on_ignored(_tx: Tx, _report: Report) -> None:
    """A call made for its own sake."""


# ---- tasks
def awaited(r: Running | None, frame_id: str, token: str) -> Resource | None:
    """The resource of the task that `frame` waits for; None when it no longer does."""
    frame = r.live.frame(frame_id) if r is not None else None
    if r is None or frame is None or frame.wait != token:
        return None
    state = r.machine.parts[frame.part].states[frame.state]
    return state.resource if isinstance(state, Task) else None


@reaction("stepfunctions", "task")
def on_task(tx: Tx, report: Report) -> None:
    """The call a task is was made. Its result may be the task's, or only its beginning.

    A call in another account (a task's Credentials) is reported from there.
    """
    execution, (frame, token, *home) = parts_of(report.key)
    if home:
        tx = replace(tx, account=home[0])
    r = running.load(tx, execution)
    resource = awaited(r, frame, token)
    if r is None or resource is None:
        return
    target = target_of(resource)
    assert not isinstance(target, Failed)
    answer: Any
    if report.error is not None:
        answer = failure_of(resource, target, report.error, report.effect_id)
    else:
        answer = output_of(resource, target, report.result or {}, report.effect_id)
    if isinstance(answer, Failed):
        tell(tx, r, TaskFailed(frame, token, answer.error, answer.cause))
    elif not resource.pattern:
        tell(tx, r, TaskSucceeded(frame, token, dumps(answer)))
    else:
        tell(tx, r, TaskSubmitted(frame, token, dumps(answer)))
        if resource.pattern.startswith(".sync"):
            _await_end(tx, r, resource, report, frame, token)
    save(tx, r)


def _await_end(
    tx: Tx, r: Running, resource: Resource, report: Report, frame: str, token: str
) -> None:
    result = report.result or {}
    if resource.service == "states":
        arn = result["executionArn"]
        row = _ended_execution(tx, arn)
        if row is not None:
            _finish(tx, r, frame, token, _described(resource, row))
        else:
            synchronous.watch(tx, r, frame, token, arn)
        return
    ended = tx.ended
    assert ended is not None and isinstance(ended.effect, Call)
    begun = outside.begun(resource.service, ended.account, result, ended.effect.params)
    if isinstance(begun, Failed):
        _finish(tx, r, frame, token, begun)
    else:
        outside.wait(tx, r, frame, token, begun)


def _ended_execution(tx: Tx, arn: str) -> Any:
    ref = execution_ref(arn)
    row = executions.find(tx, ref.machine, ref.name)
    return row if row is not None and row["status"] != "RUNNING" else None


def _described(resource: Resource, row: Any) -> Any:
    return synchronous.described(row, plain=resource.pattern == ".sync")


def _finish(tx: Tx, r: Running, frame: str, token: str, answer: Any) -> None:
    if isinstance(answer, Failed):
        tell(tx, r, TaskFailed(frame, token, answer.error, answer.cause))
    else:
        tell(tx, r, TaskSucceeded(frame, token, dumps(answer)))


@reaction("stepfunctions", "watched")
def on_watched(tx: Tx, report: Report) -> None:
    """An execution that a `.sync` task waits for has ended."""
    execution, (frame, token, arn) = parts_of(report.key)
    r = running.load(tx, execution)
    resource = awaited(r, frame, token)
    row = _ended_execution(tx, arn)
    if r is None or resource is None or row is None:
        return
    _finish(tx, r, frame, token, _described(resource, row))
    save(tx, r)


@reaction("stepfunctions", "outside")
def on_outside(tx: Tx, report: Report) -> None:
    """The Batch job or the ECS tasks that a `.sync` task waits for have ended."""
    execution, (frame, token, *home) = parts_of(report.key)
    if home:
        tx = replace(tx, account=home[0])
    r = running.load(tx, execution)
    begun = outside.taken_off(tx, r, frame, token) if r is not None else None
    if r is None or begun is None or awaited(r, frame, token) is None:
        return
    _finish(tx, r, frame, token, outside.outcome_of(begun.service, report.result or {}))
    save(tx, r)
