"""How frames and executions end, and how an end below is felt above."""

from __future__ import annotations

from owari.services.stepfunctions.asl import history
from owari.services.stepfunctions.asl.definition import Map, State
from owari.services.stepfunctions.asl.failure import fail_execution, on_failure
from owari.services.stepfunctions.asl.fault import TIMEOUT, StateError
from owari.services.stepfunctions.asl.flow import Step, finish
from owari.services.stepfunctions.asl.frames import ROOT, RUNNING, SUCCEEDED, TIMED_OUT, Frame
from owari.services.stepfunctions.asl.instructions import Finish
from owari.services.stepfunctions.asl.states.map import on_iteration_succeeded
from owari.services.stepfunctions.asl.sweep import abort_children, clear_children, stop
from owari.services.stepfunctions.asl.turn import Turn


def end_frame(turn: Turn, frame: Frame, state: State, raised: StateError | None) -> None:
    """A frame's state raised an error, or (None) was its last. Climbs as far as it is felt."""
    while raised is not None:
        after = on_failure(turn, frame, state, raised)
        if after is Step.ON:
            turn.ready.append(frame.id)
        if not isinstance(after, StateError):
            return
        parent = _parent(turn, frame)
        if parent is None or after.terminal:
            fail_execution(turn, frame.previous, after)
            return
        state = turn.state(parent)
        if isinstance(state, Map):
            details = {"name": state.name, "index": frame.index}
            turn.record("MapIterationFailed", frame.previous, details)
        abort_children(turn, parent, frame.previous, frame)
        parent.previous = frame.previous
        frame, raised = parent, after
    _ended_well(turn, frame)


def _parent(turn: Turn, frame: Frame) -> Frame | None:
    return turn.live.frame(frame.parent) if frame.parent else None


def _ended_well(turn: Turn, frame: Frame) -> None:
    if frame.done or turn.live.execution.status != RUNNING:
        return
    frame.done = True
    parent = _parent(turn, frame)
    if parent is None:
        _succeed(turn, frame)
        return
    state = turn.state(parent)
    try:
        after = _child_ended(turn, parent, state, frame)
    except StateError as error:
        abort_children(turn, parent, frame.previous, None)
        end_frame(turn, parent, state, error)
        return
    if after is Step.WAITS:
        return
    if after is Step.ENDS:
        _ended_well(turn, parent)
    else:
        turn.ready.append(parent.id)


def _child_ended(turn: Turn, parent: Frame, state: State, child: Frame) -> Step:
    join = turn.live.join(parent.id)
    join.running -= 1
    join.succeeded += 1
    turn.live.touch("join", parent.id)
    if isinstance(state, Map):
        return on_iteration_succeeded(turn, parent, state, join, child)
    if join.running:
        return Step.WAITS
    turn.record("ParallelStateSucceeded", child.previous)
    parent.previous = child.previous
    texts = turn.live.child_texts(parent.id, join.total)
    after = finish(turn, parent, state, f"[{','.join(texts)}]")
    clear_children(turn, parent)
    return after


def _succeed(turn: Turn, frame: Frame) -> None:
    execution = turn.live.execution
    turn.record("ExecutionSucceeded", frame.previous, history.output(frame.text))
    execution.status, execution.output = SUCCEEDED, frame.text
    turn.instruct(Finish(SUCCEEDED, output=frame.text))


def end_with(turn: Turn, failure: StateError) -> None:
    """Fails the execution whatever its frames do."""
    root = turn.live.frame(ROOT)
    fail_execution(turn, root.previous if root else 0, failure)


def stop_execution(turn: Turn, status: str, error: str | None, cause: str | None) -> None:
    """Ended from outside: by StopExecution or the machine's own timeout."""
    execution = turn.live.execution
    if status == TIMED_OUT:
        # The event names the error; the execution itself has none.
        turn.record("ExecutionTimedOut", 0, history.failure(TIMEOUT, None))
    else:
        turn.record("ExecutionAborted", 0, history.failure(error, cause))
    execution.status, execution.error, execution.cause = status, error, cause
    turn.ready.clear()
    for frame in list(turn.live.frames.values()):
        stop(turn, frame)
    turn.instruct(Finish(status, error=error, cause=cause))
