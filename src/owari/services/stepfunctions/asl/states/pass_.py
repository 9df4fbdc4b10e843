"""Pass: hands its input on, changed or not."""

from __future__ import annotations

from owari.services.stepfunctions.asl.definition import Pass
from owari.services.stepfunctions.asl.flow import (
    Step,
    effective_input,
    exit_state,
    is_plain,
    output_of,
)
from owari.services.stepfunctions.asl.frames import Frame
from owari.services.stepfunctions.asl.turn import Around, Turn


def enter(turn: Turn, frame: Frame, state: Pass) -> Step:
    simple = state.parameters is None and state.select is None and not state.has_result
    if simple and is_plain(state) and turn.trace is None:
        return exit_state(turn, frame, state, frame.read, next_state=state.next, text=frame.text)
    around = Around(turn, frame)
    result = effective_input(state, around, frame.value)
    if state.has_result:
        result = state.result
    elif state.parameters is not None:
        result = state.parameters(around.scope(result))
    turn.note("afterParameters", result)
    output, scope = output_of(state, around, frame, result)
    return exit_state(
        turn, frame, state, output, scope=scope, next_state=state.next, assigned=state.assign
    )
