"""Wait: until a time, or for a number of seconds."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.asl.choice import parse_timestamp
from owari.services.stepfunctions.asl.definition import Wait
from owari.services.stepfunctions.asl.fault import StateError, query_evaluation, runtime
from owari.services.stepfunctions.asl.flow import (
    Step,
    effective_input,
    exit_state,
    output_of,
    states_variable,
)
from owari.services.stepfunctions.asl.frames import Frame
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.timers import start_timer
from owari.services.stepfunctions.asl.turn import Around, Turn

DELAY_MAX_S = 2**31 - 1


def enter(turn: Turn, frame: Frame, state: Wait) -> Step:
    around = Around(turn, frame)
    value = effective_input(state, around, frame.value)
    scope = around.scope(value, states_variable(value) if state.jsonata else None)
    if state.seconds is not None:
        until_ms = turn.now_ms + _seconds(state, state.seconds(scope)) * 1000
    else:
        assert state.timestamp is not None
        until_ms = _timestamp_ms(state, state.timestamp(scope))
    if until_ms - turn.now_ms > DELAY_MAX_S * 1000:
        raise runtime("Wait state delay is too long.")
    if until_ms <= turn.now_ms:
        return wake(turn, frame, state)
    frame.wait = start_timer(turn, frame, "wait", until_ms)
    return Step.WAITS


def wake(turn: Turn, frame: Frame, state: Wait) -> Step:
    around = Around(turn, frame)
    result = effective_input(state, around, frame.value)
    output, scope = output_of(state, around, frame, result)
    return exit_state(
        turn, frame, state, output, scope=scope, next_state=state.next, assigned=state.assign
    )


def _seconds(state: Wait, found: Any) -> int:
    whole = isinstance(found, int) and not isinstance(found, bool)
    if whole and found >= 0:
        return int(found)
    if state.path_text is None:
        raise _not_seconds(found)
    if not whole:
        raise runtime(
            "The SecondsPath parameter cannot be parsed as a long value:"
            f" {state.path_text} == {_shown(found)}"
        )
    raise runtime(
        f"The SecondsPath parameter references a negative value: {state.path_text} == {found}"
    )


def _not_seconds(found: Any) -> StateError:
    return query_evaluation(
        f"The field 'Seconds' must be a non-negative integer but was: {dumps(found)}", "Seconds"
    )


def _timestamp_ms(state: Wait, found: Any) -> int:
    parsed = parse_timestamp(found) if isinstance(found, str) else None
    if parsed is not None:
        return int(parsed[0]) * 1000 + parsed[1] // 1_000_000
    if state.path_text is None:
        raise query_evaluation(
            "The field 'Timestamp' is not a valid ISO-8601 extended offset date-time format"
            f" string: {_shown(found)}",
            "Timestamp",
        )
    raise runtime(
        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset"
        f" date-time format string: {state.path_text} == {_shown(found)}"
    )


def _shown(found: Any) -> str:
    return found if isinstance(found, str) else dumps(found)
