"""Task: schedules work and handles what is reported of it."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.asl import history
from owari.services.stepfunctions.asl.definition import Task
from owari.services.stepfunctions.asl.fault import (
    HEARTBEAT_TIMEOUT,
    TIMEOUT,
    StateError,
    runtime,
    too_large,
)
from owari.services.stepfunctions.asl.flow import (
    Step,
    effective_input,
    finish,
    states_variable,
    text_of,
    too_long,
)
from owari.services.stepfunctions.asl.frames import Frame
from owari.services.stepfunctions.asl.instructions import CancelTask, ScheduleTask
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.resource import ACTIVITY, LAMBDA, Resource
from owari.services.stepfunctions.asl.retry import find_catcher, find_retrier
from owari.services.stepfunctions.asl.scope import Evaluator, Scope
from owari.services.stepfunctions.asl.timers import clear_timers, start_timer
from owari.services.stepfunctions.asl.turn import Around, Turn

PREFIX = {LAMBDA: "LambdaFunction", ACTIVITY: "Activity"}


def enter(turn: Turn, frame: Frame, state: Task) -> Step:
    resource, token = state.resource, turn.chance.uuid()
    frame.token = token if resource.pattern or resource.kind == ACTIVITY else None
    around = Around(turn, frame)
    value = effective_input(state, around, frame.value)
    scope = around.scope(value, states_variable(value) if state.jsonata else None)
    parameters = _parameters(turn, frame, state, scope, value)
    timeout_s = _whole_seconds(state.timeout, scope, "TimeoutSeconds")
    heartbeat_s = _whole_seconds(state.heartbeat, scope, "HeartbeatSeconds")
    credentials = _credentials(state, scope)
    if resource.kind == ACTIVITY and not turn.activity_exists(resource.arn):
        raise runtime(f"The activity {resource.arn} does not exist.")
    task = ScheduleTask(frame.id, token, resource, parameters, timeout_s, heartbeat_s, credentials)
    _emit_scheduled(turn, frame, task)
    turn.instruct(task)
    frame.wait = token
    if timeout_s is not None:
        start_timer(turn, frame, "timeout", turn.now_ms + timeout_s * 1000)
    if resource.kind != ACTIVITY:
        turn.begun.append((frame.id, token))
        _start_heartbeat(turn, frame, heartbeat_s)
    return Step.WAITS


def _parameters(turn: Turn, frame: Frame, state: Task, scope: Scope, value: Any) -> str:
    made = value if state.parameters is None else state.parameters(scope)
    turn.note("afterArguments" if state.jsonata else "afterParameters", made)
    return text_of(frame, made)


def _credentials(state: Task, scope: Scope) -> dict[str, Any] | None:
    if state.credentials is None:
        return None
    found = state.credentials(scope)
    if not isinstance(found, dict) or not isinstance(found.get("RoleArn"), str):
        raise runtime(f"The Credentials field must hold a RoleArn but was: {dumps(found)}")
    return found


def _whole_seconds(field: Evaluator | None, scope: Scope, name: str) -> int | None:
    if field is None:
        return None
    found = field(scope)
    whole = isinstance(found, int) or (isinstance(found, float) and found.is_integer())
    if isinstance(found, bool) or not whole or not 0 < found <= 99_999_999:
        raise runtime(f"The {name} value must be a positive integer but was: {dumps(found)}")
    return int(found)


def heartbeat_seconds(turn: Turn, frame: Frame, state: Task) -> int | None:
    value = effective_input(state, Around(turn, frame), frame.value)
    scope = Around(turn, frame).scope(value, states_variable(value))
    return _whole_seconds(state.heartbeat, scope, "HeartbeatSeconds")


def _start_heartbeat(turn: Turn, frame: Frame, heartbeat_s: int | None) -> None:
    if heartbeat_s is not None:
        clear_timers(turn, frame, "heartbeat")
        start_timer(turn, frame, "heartbeat", turn.now_ms + heartbeat_s * 1000)


def on_heartbeat(turn: Turn, frame: Frame, state: Task) -> None:
    _start_heartbeat(turn, frame, heartbeat_seconds(turn, frame, state))


def _who(resource: Resource) -> dict[str, Any]:
    """What the events of a service integration begin with."""
    if resource.kind in PREFIX:
        return {}
    return {"resourceType": resource.service, "resource": resource.name}


def _kind(resource: Resource, what: str) -> str:
    return f"{PREFIX.get(resource.kind, 'Task')}{what}"


def _emit_scheduled(turn: Turn, frame: Frame, task: ScheduleTask) -> None:
    details: history.Details
    if task.resource.kind in PREFIX:
        details = {
            "resource": task.resource.arn,
            "input": task.parameters,
            "inputDetails": history.UNCUT,
        }
    else:
        region = turn.live.execution.machine_arn.split(":")[3]
        details = {**_who(task.resource), "region": region, "parameters": task.parameters}
    if task.timeout_s is not None:
        details["timeoutInSeconds"] = task.timeout_s
    if task.heartbeat_s is not None:
        details["heartbeatInSeconds"] = task.heartbeat_s
    if task.credentials:
        details["taskCredentials"] = {"roleArn": task.credentials["RoleArn"]}
    turn.emit(frame, _kind(task.resource, "Scheduled"), details)


def emit_started(turn: Turn, frame: Frame, state: Task, worker: str | None = None) -> None:
    details: history.Details | None = _who(state.resource) or None
    if state.resource.kind == ACTIVITY:
        details = {"workerName": worker} if worker is not None else {}
    turn.emit(frame, _kind(state.resource, "Started"), details)
    turn.live.touch("frame", frame.id)


def on_started(turn: Turn, frame: Frame, state: Task, worker: str | None) -> None:
    """An activity's worker took the task: from now on it must show signs of life."""
    emit_started(turn, frame, state, worker)
    _start_heartbeat(turn, frame, heartbeat_seconds(turn, frame, state))


def on_submitted(turn: Turn, frame: Frame, state: Task, output: str) -> None:
    details = {**_who(state.resource), **history.output(output)}
    turn.emit(frame, "TaskSubmitted", details)
    turn.live.touch("frame", frame.id)


def on_succeeded(turn: Turn, frame: Frame, state: Task, output: str) -> Step:
    clear_timers(turn, frame)
    if too_long(output):
        return on_failed(turn, frame, state, too_large(state.resource.who), "")
    details = {**_who(state.resource), **history.output(output)}
    turn.emit(frame, _kind(state.resource, "Succeeded"), details)
    return finish(turn, frame, state, output)


def on_failed(turn: Turn, frame: Frame, state: Task, failure: StateError, step: str) -> Step:
    clear_timers(turn, frame)
    details = {**_who(state.resource), **history.failure(failure.error, failure.cause)}
    turn.emit(frame, _kind(state.resource, f"{step}Failed"), details)
    raise failure


def on_timed_out(turn: Turn, frame: Frame, state: Task, key: str) -> Step:
    """A missed heartbeat is a States.Timeout too, which may also be caught by its own name."""
    del frame.timers[key]
    clear_timers(turn, frame)
    if frame.wait is not None:
        turn.instruct(CancelTask(frame.id, frame.wait))
    _emit_timed_out(turn, frame, state)
    missed = key.startswith("heartbeat")
    failure = StateError(TIMEOUT, None, alias=HEARTBEAT_TIMEOUT if missed else None)
    if find_retrier(state, frame, failure) is None and find_catcher(state, failure) is None:
        _expire_siblings(turn, frame)
    raise failure


def _emit_timed_out(turn: Turn, frame: Frame, state: Task) -> None:
    details = {**_who(state.resource), "error": TIMEOUT}
    turn.emit(frame, _kind(state.resource, "TimedOut"), details)


def _expire_siblings(turn: Turn, frame: Frame) -> None:
    """Tasks of the same Map or Parallel whose time is up as well are said to have timed out,
    though the first to be noticed decides what becomes of it."""
    parent = frame.parent
    if parent is None or parent not in turn.live.joins:
        return
    for at in range(turn.live.join(parent).next):
        other = turn.live.frame(f"{parent}.{at}")
        if other is None or other is frame or other.wait is None:
            continue
        state = turn.state(other)
        due = [key for key, at_ms in other.timers.items() if at_ms <= turn.now_ms]
        if isinstance(state, Task) and any(not key.startswith("retry") for key in due):
            _emit_timed_out(turn, other, state)
