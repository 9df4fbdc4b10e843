"""Fail: ends its frame with an error."""

from __future__ import annotations

from owari.services.stepfunctions.asl.definition import Fail
from owari.services.stepfunctions.asl.fault import StateError
from owari.services.stepfunctions.asl.flow import Step, states_variable
from owari.services.stepfunctions.asl.frames import Frame
from owari.services.stepfunctions.asl.turn import Around, Turn


def enter(turn: Turn, frame: Frame, state: Fail) -> Step:
    turn.note("afterInputPath", frame.value)
    scope = Around(turn, frame).scope(frame.value, states_variable(frame.value))
    error = state.error(scope) if state.error else None
    cause = state.cause(scope) if state.cause else None
    raise StateError(error, cause)
