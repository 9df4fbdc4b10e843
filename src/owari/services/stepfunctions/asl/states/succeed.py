"""Succeed: ends its frame."""

from __future__ import annotations

from owari.services.stepfunctions.asl.definition import Succeed
from owari.services.stepfunctions.asl.flow import Step, effective_input, exit_state, output_of
from owari.services.stepfunctions.asl.frames import Frame
from owari.services.stepfunctions.asl.turn import Around, Turn


def enter(turn: Turn, frame: Frame, state: Succeed) -> Step:
    around = Around(turn, frame)
    result = effective_input(state, around, frame.value)
    output, scope = output_of(state, around, frame, result)
    return exit_state(turn, frame, state, output, scope=scope, assigned=state.assign)
