"""The interpreter: an execution's value and a report in, the new value and what to do out.

A turn advances the execution as far as it can: until every frame waits for a report, or until
`TRANSITIONS_MAX` states have been entered (it then asks to be continued). It is a pure function
of its arguments: time, ids and random numbers are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from owari.services.stepfunctions.asl import history
from owari.services.stepfunctions.asl.definition import (
    Choice,
    DistributedMap,
    Fail,
    Machine,
    Map,
    Parallel,
    Pass,
    State,
    Succeed,
    Task,
    Wait,
)
from owari.services.stepfunctions.asl.ending import (
    end_frame,
    end_with,
    stop_execution,
)
from owari.services.stepfunctions.asl.fault import StateError
from owari.services.stepfunctions.asl.flow import Step
from owari.services.stepfunctions.asl.frames import ABORTED, ROOT, RUNNING, TIMED_OUT, Frame, Live
from owari.services.stepfunctions.asl.instructions import Continue, Instruction
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.redrive import redrive
from owari.services.stepfunctions.asl.reports import (
    Abort,
    ChildFinished,
    Continued,
    ExecutionTimedOut,
    ItemsRead,
    ItemsUnreadable,
    MapRunUpdated,
    Redriven,
    Report,
    ResultsUnwritable,
    ResultsWritten,
    Started,
    TaskFailed,
    TaskHeartbeat,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from owari.services.stepfunctions.asl.scope import Chance
from owari.services.stepfunctions.asl.states import (
    choice,
    distributed_map,
    fail,
    map,
    parallel,
    pass_,
    succeed,
    task,
    wait,
)
from owari.services.stepfunctions.asl.turn import TRANSITIONS_MAX, Turn

ENTER: dict[type[State], Callable[[Turn, Frame, Any], Step]] = {
    Pass: pass_.enter,
    Task: task.enter,
    Choice: choice.enter,
    Wait: wait.enter,
    Succeed: succeed.enter,
    Fail: fail.enter,
    Parallel: parallel.enter,
    Map: map.enter,
    DistributedMap: distributed_map.enter,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    events: list[history.Event]
    instructions: list[Instruction]


def step(
    machine: Machine,
    live: Live,
    report: Report,
    *,
    now_ms: int,
    chance: Chance,
    activity_exists: Callable[[str], bool] = lambda arn: True,
    transitions_max: int = TRANSITIONS_MAX,
) -> Outcome:
    """One turn. `live` is changed in place."""
    turn = Turn(machine, live, now_ms, chance, activity_exists, transitions_max=transitions_max)
    turn.ready.extend(live.execution.ready)
    live.execution.ready = []
    try:
        if live.execution.status == RUNNING or isinstance(report, Redriven):
            _receive(turn, report)
            _advance(turn)
    except history.HistoryFull:
        end_with(turn, history.TOO_MANY)
    return Outcome(turn.events, turn.instructions)


def _advance(turn: Turn) -> None:
    while turn.ready and turn.transitions < turn.transitions_max:
        frame = turn.live.frame(turn.ready.popleft())
        if frame is not None and not frame.done and frame.wait is None:
            _run(turn, frame)
    if turn.live.execution.status != RUNNING:
        return
    for frame_id, token in turn.begun:
        frame = turn.live.frame(frame_id)
        if frame is not None and frame.wait == token:
            state = turn.state(frame)
            assert isinstance(state, Task)
            task.emit_started(turn, frame, state)
    if turn.ready:
        turn.live.execution.ready = list(turn.ready)
        turn.instruct(Continue())


def _run(turn: Turn, frame: Frame) -> None:
    """Takes one frame from state to state until it waits, ends, or the turn is long enough."""
    states = turn.machine.parts[frame.part].states
    turn.live.touch("frame", frame.id)
    while True:
        if turn.transitions >= turn.transitions_max:
            turn.ready.appendleft(frame.id)
            return
        turn.transitions += 1
        state = states[frame.state]
        frame.before = frame.previous
        details = history.entered(state.name, frame.text)
        frame.entered = turn.emit(frame, f"{state.type}StateEntered", details)
        frame.entered_ms = turn.now_ms
        try:
            after = ENTER[type(state)](turn, frame, state)
        except StateError as error:
            end_frame(turn, frame, state, error)
            return
        if after is Step.ON:
            continue
        if after is Step.ENDS:
            end_frame(turn, frame, state, None)
        return


def attempt(turn: Turn, frame: Frame, state: State, act: Callable[[], Step]) -> None:
    """Does what a report asks of a frame's state, and goes on from there."""
    turn.live.touch("frame", frame.id)
    try:
        after = act()
    except StateError as error:
        end_frame(turn, frame, state, error)
        return
    if after is Step.ENDS:
        end_frame(turn, frame, state, None)
    elif after is Step.ON:
        turn.ready.append(frame.id)


def _receive(turn: Turn, report: Report) -> None:
    match report:
        case Started():
            _start(turn)
        case Continued():
            pass
        case TimerFired(frame_id, key):
            _on_timer(turn, frame_id, key)
        case Abort(error, cause):
            stop_execution(turn, ABORTED, error, cause)
        case ExecutionTimedOut():
            stop_execution(turn, TIMED_OUT, None, None)
        case Redriven():
            for frame in redrive(turn):
                again(turn, frame)
        case TaskStarted() | TaskSubmitted() | TaskSucceeded() | TaskFailed() | TaskHeartbeat():
            _on_task(turn, report)
        case _:
            _on_map_run(turn, report)


def _start(turn: Turn) -> None:
    execution, root = turn.live.execution, turn.machine.root
    details = {
        "input": execution.input,
        "inputDetails": history.UNCUT,
        "roleArn": execution.role_arn,
    }
    turn.record("ExecutionStarted", 0, details)
    value = turn.execution_input()
    turn.live.put(Frame(ROOT, root.path, root.start_at, dumps(value), 0, read=value))
    turn.ready.append(ROOT)


def _on_task(
    turn: Turn,
    report: TaskStarted | TaskSubmitted | TaskSucceeded | TaskFailed | TaskHeartbeat,
) -> None:
    frame = turn.live.frame(report.frame)
    if frame is None or frame.wait != report.token:
        return
    state = turn.state(frame)
    assert isinstance(state, Task)
    turn.live.touch("frame", frame.id)
    match report:
        case TaskStarted(_, _, worker):
            task.on_started(turn, frame, state, worker)
        case TaskHeartbeat():
            task.on_heartbeat(turn, frame, state)
        case TaskSubmitted(_, _, output):
            task.on_submitted(turn, frame, state, output)
        case TaskSucceeded(_, _, output):
            attempt(turn, frame, state, lambda: task.on_succeeded(turn, frame, state, output))
        case TaskFailed(_, _, error, cause, where):
            failure = StateError(error, cause)
            attempt(turn, frame, state, lambda: task.on_failed(turn, frame, state, failure, where))


def _on_timer(turn: Turn, frame_id: str, key: str) -> None:
    frame = turn.live.frame(frame_id)
    if frame is None or key not in frame.timers:
        return
    state = turn.state(frame)
    if isinstance(state, Task) and not key.startswith("retry"):
        attempt(turn, frame, state, lambda: task.on_timed_out(turn, frame, state, key))
        return
    del frame.timers[key]
    frame.wait = None
    if isinstance(state, Wait):
        attempt(turn, frame, state, lambda: wait.wake(turn, frame, state))
    else:
        again(turn, frame)


def again(turn: Turn, frame: Frame) -> None:
    """Runs a state once more without entering it anew: a retry, or a redrive."""
    state = turn.state(frame)
    attempt(turn, frame, state, lambda: ENTER[type(state)](turn, frame, state))


def _on_map_run(turn: Turn, report: Report) -> None:
    assert isinstance(
        report,
        ItemsRead
        | ItemsUnreadable
        | ChildFinished
        | MapRunUpdated
        | ResultsWritten
        | ResultsUnwritable,
    )
    frame = turn.live.frame(report.frame)
    if frame is None or frame.wait != "children" or frame.id not in turn.live.joins:
        return
    state = turn.state(frame)
    if turn.live.join(frame.id).run_arn != report.run_arn or not isinstance(state, DistributedMap):
        return
    attempt(turn, frame, state, lambda: _map_run_step(turn, frame, state, report))


def _map_run_step(turn: Turn, frame: Frame, state: DistributedMap, report: Report) -> Step:
    match report:
        case ItemsRead(_, _, items):
            return distributed_map.on_items(turn, frame, state, items)
        case ChildFinished(_, _, index, status, output):
            return distributed_map.on_child(turn, frame, state, index, status, output)
        case MapRunUpdated(_, _, limit, count, percentage):
            return distributed_map.on_updated(turn, frame, state, limit, count, percentage)
        case ResultsWritten(_, _, output):
            return distributed_map.on_results(turn, frame, state, output)
        case ItemsUnreadable(_, _, cause, error) | ResultsUnwritable(_, _, cause, error):
            failure = StateError(error, cause)
            return distributed_map.on_run_failed(turn, frame, state, failure)
        case _:
            return Step.WAITS
