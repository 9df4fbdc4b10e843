"""Choice: the first rule that holds decides where to go."""

from __future__ import annotations

from owari.services.stepfunctions.asl.definition import Choice
from owari.services.stepfunctions.asl.fault import runtime
from owari.services.stepfunctions.asl.flow import (
    Step,
    effective_input,
    exit_state,
    states_variable,
)
from owari.services.stepfunctions.asl.frames import Frame
from owari.services.stepfunctions.asl.turn import Around, Turn


def enter(turn: Turn, frame: Frame, state: Choice) -> Step:
    around = Around(turn, frame)
    value = effective_input(state, around, frame.value)
    scope = around.scope(value, states_variable(value) if state.jsonata else None)
    next_state, assigned, output = state.default, state.assign, state.output
    for rule in state.rules:
        if rule.holds(scope):
            next_state, assigned = rule.next, rule.assign
            output = rule.output if state.jsonata else state.output
            break
    if next_state is None:
        raise runtime(
            "Failed to transition out of the state. The state does not point to a next state."
        )
    made = value if output is None else output(scope)
    return exit_state(
        turn, frame, state, made, scope=scope, next_state=next_state, assigned=assigned
    )
