"""Parallel: one frame per branch, all with the same input."""

from __future__ import annotations

from owari.services.stepfunctions.asl.definition import Parallel
from owari.services.stepfunctions.asl.flow import (
    Step,
    effective_input,
    states_variable,
    text_of,
)
from owari.services.stepfunctions.asl.frames import Frame, Join
from owari.services.stepfunctions.asl.turn import Around, Turn


def enter(turn: Turn, frame: Frame, state: Parallel) -> Step:
    around = Around(turn, frame)
    value = effective_input(state, around, frame.value)
    if state.parameters is not None:
        states = states_variable(value) if state.jsonata else None
        value = state.parameters(around.scope(value, states))
    text = text_of(frame, value)
    first = turn.emit(frame, "ParallelStateStarted")
    total = len(state.branches)
    join = Join(frame.id, total, total, first, next=total, running=total)
    turn.live.put_join(join)
    for at, branch in enumerate(state.branches):
        start = turn.machine.parts[branch].start_at
        child = Frame(f"{frame.id}.{at}", branch, start, text, first, at, read=value)
        turn.live.put(child)
        turn.ready.append(child.id)
    frame.wait = "children"
    return Step.WAITS
