"""What becomes of a state that failed: retried, caught, or the end of its frame."""

from __future__ import annotations

from owari.services.stepfunctions.asl import history
from owari.services.stepfunctions.asl.definition import Catcher, Map, Parallel, State
from owari.services.stepfunctions.asl.fault import QUERY_EVALUATION, StateError
from owari.services.stepfunctions.asl.flow import (
    Step,
    exit_state,
    join_result,
    states_variable,
)
from owari.services.stepfunctions.asl.frames import FAILED, Frame
from owari.services.stepfunctions.asl.instructions import Finish
from owari.services.stepfunctions.asl.retry import (
    delay_s,
    error_output,
    find_catcher,
    find_retrier,
)
from owari.services.stepfunctions.asl.sweep import clear_children
from owari.services.stepfunctions.asl.timers import clear_timers, start_timer
from owari.services.stepfunctions.asl.turn import Around, Turn


def located(frame: Frame, failure: StateError) -> StateError:
    """The error with its cause said to have happened in this state."""
    if not failure.located:
        return failure
    where = f"the state '{frame.state}' (entered at the event id #{frame.entered})"
    cause = f"An error occurred while executing {where}. {failure.cause}"
    return StateError(failure.error, cause, location=failure.location, alias=failure.alias)


def on_failure(turn: Turn, frame: Frame, state: State, raised: StateError) -> Step | StateError:
    """How the frame goes on, or the error with which it ends."""
    failure = located(frame, raised)
    turn.live.touch("frame", frame.id)
    if raised.error == QUERY_EVALUATION and raised.located:
        _emit_evaluation_failed(turn, frame, state, failure)
    if failure.terminal:
        return failure
    retrier = find_retrier(state, frame, failure)
    if retrier is not None:
        return _retry(turn, frame, state, retrier)
    if isinstance(state, Map | Parallel):
        turn.emit(frame, f"{state.type}StateFailed")
    catcher = find_catcher(state, failure)
    if catcher is None:
        return failure
    try:
        return catch_error(turn, frame, state, state.catch[catcher], failure)
    except StateError as error:
        return located(frame, error)


def _emit_evaluation_failed(turn: Turn, frame: Frame, state: State, failure: StateError) -> None:
    details = history.failure(failure.error, failure.cause) | {"state": state.name}
    if failure.location is not None:
        details["location"] = failure.location
    if isinstance(state, Map) and frame.wait is None:
        frame.previous = frame.before  # so AWS chains it when a Map has not begun
    turn.emit(frame, "EvaluationFailed", details)


def _retry(turn: Turn, frame: Frame, state: State, at: int) -> Step:
    retrier, key = state.retry[at], str(at)
    tried = frame.attempts.get(key, 0)
    delay = delay_s(retrier, tried, turn.chance)
    frame.attempts = {**frame.attempts, key: tried + 1}
    frame.retries += 1
    clear_timers(turn, frame)
    clear_children(turn, frame)
    frame.wait = start_timer(turn, frame, "retry", turn.now_ms + round(delay * 1000))
    return Step.WAITS


def catch_error(
    turn: Turn, frame: Frame, state: State, catcher: Catcher, failure: StateError
) -> Step:
    around, error = Around(turn, frame), error_output(failure)
    clear_timers(turn, frame)
    clear_children(turn, frame)
    if state.jsonata:
        scope = around.scope(None, states_variable(frame.value, errorOutput=error))
        output = error if catcher.output is None else catcher.output(scope)
    else:
        scope = around.scope(error)
        output = (
            frame.value
            if catcher.result_path is None
            else join_result(frame.value, catcher.result_path, error)
        )
    return exit_state(
        turn,
        frame,
        state,
        output,
        scope=scope,
        next_state=catcher.next,
        assigned=catcher.assign,
    )


def fail_execution(turn: Turn, previous: int, failure: StateError) -> None:
    execution = turn.live.execution
    turn.record("ExecutionFailed", previous, history.failure(failure.error, failure.cause))
    execution.status, execution.error, execution.cause = FAILED, failure.error, failure.cause
    turn.ready.clear()
    turn.instruct(Finish(FAILED, error=failure.error, cause=failure.cause))
