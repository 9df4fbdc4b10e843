"""RedriveExecution: going on from the states that did not end well, with the input they had.

AWS: "Restarting state machine executions with redrive in Step Functions". Branches and
iterations that succeeded keep their results; retry counts begin anew.
"""

from __future__ import annotations

from owari.services.stepfunctions.asl.definition import DistributedMap, Map, Parallel
from owari.services.stepfunctions.asl.frames import ROOT, RUNNING, Frame, Join
from owari.services.stepfunctions.asl.states.distributed_map import restart_failed
from owari.services.stepfunctions.asl.states.map import start_iteration
from owari.services.stepfunctions.asl.turn import Turn


def redrive(turn: Turn) -> list[Frame]:
    """The frames whose state is to be run once more, without being entered anew."""
    execution = turn.live.execution
    execution.redrive_count = (execution.redrive_count or 0) + 1
    execution.redriven_ms = turn.now_ms
    execution.status, execution.error, execution.cause = RUNNING, None, None
    details = {"redriveCount": execution.redrive_count}
    event = turn.record("ExecutionRedriven", execution.events, details)
    root = turn.live.frame(ROOT)
    again: list[Frame] = []
    if root is not None:
        _revive(turn, root, event, again)
    return again


def _revive(turn: Turn, frame: Frame, event: int, again: list[Frame]) -> None:
    frame.previous = event
    frame.attempts, frame.retries, frame.timers = {}, 0, {}
    turn.live.touch("frame", frame.id)
    state = turn.state(frame)
    if frame.id in turn.live.joins and isinstance(state, Map | Parallel):
        frame.wait = "children"
        join = turn.live.join(frame.id)
        turn.live.touch("join", frame.id)
        if isinstance(state, DistributedMap):
            restart_failed(turn, frame, state, join)
        else:
            _revive_children(turn, frame, state, join, event, again)
        return
    frame.wait = None
    if frame.entered:
        again.append(frame)
    else:
        turn.ready.append(frame.id)


def _revive_children(
    turn: Turn, frame: Frame, state: Map | Parallel, join: Join, event: int, again: list[Frame]
) -> None:
    found = [turn.live.frame(f"{frame.id}.{at}") for at in range(join.next)]
    alive = [child for child in found if child is not None and not child.done]
    join.running, join.failed = len(alive), 0
    for child in alive:
        _revive(turn, child, event, again)
    while isinstance(state, Map) and join.next < join.total and join.running < join.limit:
        start_iteration(turn, frame, state, join, event)
