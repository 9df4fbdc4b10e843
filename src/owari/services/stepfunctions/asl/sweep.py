"""Stopping the frames below a Map or Parallel state that failed, and forgetting them."""

from __future__ import annotations

from owari.services.stepfunctions.asl.definition import DistributedMap, Map, Parallel, Task
from owari.services.stepfunctions.asl.frames import ABORTED, Frame
from owari.services.stepfunctions.asl.instructions import CancelTask, StopMapRun
from owari.services.stepfunctions.asl.timers import clear_timers
from owari.services.stepfunctions.asl.turn import Turn

# The state types that have an event of being aborted.
ABORTABLE = {"Task", "Wait", "Map", "Parallel"}


def abort_children(turn: Turn, frame: Frame, previous: int, failed: Frame | None) -> None:
    """Ends all frames below `frame` but that which has failed, with the events AWS shows."""
    state = turn.state(frame)
    for child in _children(turn, frame):
        if child.done or isinstance(state, DistributedMap):
            continue
        own = child is failed
        if isinstance(state, Map) and not own:
            details = {"name": state.name, "index": child.index}
            turn.record("MapIterationAborted", previous, details)
        _abort(turn, child, previous, own)


def _abort(turn: Turn, child: Frame, previous: int, failed: bool) -> None:
    state = turn.state(child)
    nested = isinstance(state, Map | Parallel)
    # A frame that has not entered its state yet has nothing to abort.
    if child.entered and state.type in ABORTABLE and not (failed and nested):
        turn.record(f"{state.type}StateAborted", previous)
    stop(turn, child)
    if nested and not failed:
        abort_children(turn, child, previous, None)


def stop(turn: Turn, frame: Frame) -> None:
    """Calls off what the frame waits for."""
    clear_timers(turn, frame)
    if frame.wait is None or frame.done:
        return
    state = turn.state(frame)
    if isinstance(state, Task) and not frame.wait.startswith("retry-"):
        turn.instruct(CancelTask(frame.id, frame.wait))
    if isinstance(state, DistributedMap) and frame.id in turn.live.joins:
        join = turn.live.join(frame.id)
        if join.run_arn is not None:
            turn.instruct(StopMapRun(frame.id, join.run_arn, ABORTED))
    frame.wait = None
    turn.live.touch("frame", frame.id)


def _children(turn: Turn, frame: Frame) -> list[Frame]:
    if frame.id not in turn.live.joins:
        return []
    join = turn.live.join(frame.id)
    found = [turn.live.frame(f"{frame.id}.{at}") for at in range(join.next)]
    return [child for child in found if child is not None]


def clear_children(turn: Turn, frame: Frame) -> None:
    """Forgets all frames below, when their outputs are no longer needed."""
    for child in _children(turn, frame):
        clear_children(turn, child)
        turn.live.remove(child.id)
    turn.live.remove_join(frame.id)
