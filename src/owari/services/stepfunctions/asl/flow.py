"""From a state's result to its output, and on to the next state."""

from __future__ import annotations

from enum import Enum
from typing import Any

from owari.services.stepfunctions.asl import history
from owari.services.stepfunctions.asl.definition import Keys, State
from owari.services.stepfunctions.asl.fault import StateError, too_large
from owari.services.stepfunctions.asl.frames import UNREAD, Frame
from owari.services.stepfunctions.asl.json_text import dumps, loads, size
from owari.services.stepfunctions.asl.scope import Evaluator, Scope
from owari.services.stepfunctions.asl.turn import Around, Turn

DATA_MAX_BYTES = 262_144


class Step(Enum):
    """What a frame does next: enter its next state, wait for a report, or end."""

    ON = 1
    WAITS = 2
    ENDS = 3


def put_at(target: Any, keys: Keys, value: Any) -> Any:
    """A copy of `target` with `value` at a Reference Path; objects on the way are made."""
    if not keys:
        return value
    key, rest = keys[0], keys[1:]
    if isinstance(key, int):
        if not isinstance(target, list) or not -len(target) <= key < len(target):
            raise LookupError
        made: Any = list(target)
        made[key] = put_at(made[key], rest, value)
        return made
    if target is not None and not isinstance(target, dict):
        raise LookupError
    made = dict(target or {})
    made[key] = put_at(made.get(key), rest, value)
    return made


def render_keys(keys: Keys) -> str:
    return "$" + "".join(f"[{k}]" if isinstance(k, int) else f"['{k}']" for k in keys)


def join_result(target: Any, keys: Keys, value: Any) -> Any:
    try:
        return put_at(target, keys, value)
    except LookupError as error:
        raise StateError(
            "States.ResultPathMatchFailure",
            f"Unable to apply ReferencePath {render_keys(keys)} to input {dumps(target)}",
            located=True,
        ) from error


def effective_input(state: State, around: Around, value: Any) -> Any:
    """The input after InputPath."""
    found = value if state.select is None else state.select(around.scope(value))
    around.turn.note("afterInputPath", found)
    return found


def states_variable(value: Any, **more: Any) -> dict[str, Any]:
    """JSONata's `$states`, but for its context."""
    return {"input": value, **more}


def result_scope(state: State, around: Around, frame: Frame, result: Any) -> Scope:
    """What Output and Assign see: the result (JSONPath), or `$states` (JSONata)."""
    if state.jsonata:
        return around.scope(None, states_variable(frame.value, result=result))
    return around.scope(result)


def output_of(state: State, around: Around, frame: Frame, result: Any) -> tuple[Any, Scope]:
    """The output of a state that has a result, and the scope its Assign sees."""
    if state.jsonata:
        scope = result_scope(state, around, frame, result)
        return (result if state.output is None else state.output(scope)), scope
    turn = around.turn
    turn.note("result", result)
    if state.selector is not None:
        result = state.selector(around.scope(result))
    turn.note("afterResultSelector", result)
    if state.discard:
        output = frame.value
    elif state.result_path:
        output = join_result(frame.value, state.result_path, result)
    else:
        output = result
    turn.note("afterResultPath", output)
    if state.output is not None:
        output = state.output(around.scope(output))
    return output, around.scope(result)


def assign(frame: Frame, assigned: Evaluator | None, scope: Scope) -> dict[str, str] | None:
    """Sets the variables; all are evaluated with the old values. Returns their texts."""
    if assigned is None:
        return None
    values: dict[str, Any] = assigned(scope)
    frame.variables = {**frame.variables, **values}
    return {name: dumps(value) for name, value in values.items()}


def text_of(frame: Frame, value: Any) -> str:
    """The JSON text of an output; of an input handed on unchanged it is already there."""
    if value is frame.read and value is not UNREAD:
        return frame.text
    return dumps(value)


def too_long(text: str) -> bool:
    return len(text) * 4 > DATA_MAX_BYTES and size(text) > DATA_MAX_BYTES


def is_plain(state: State) -> bool:
    """Whether the result is the output as it is, unseen by any expression."""
    return (
        state.output is None
        and state.selector is None
        and state.assign is None
        and not state.result_path
        and not state.discard
    )


def finish(turn: Turn, frame: Frame, state: State, text: str) -> Step:
    """Leaves a Task, Map or Parallel state whose result has this JSON text."""
    if is_plain(state) and turn.trace is None:
        return exit_state(turn, frame, state, UNREAD, next_state=state.next, text=text)
    output, scope = output_of(state, Around(turn, frame), frame, loads(text))
    return exit_state(
        turn, frame, state, output, scope=scope, next_state=state.next, assigned=state.assign
    )


def exit_state(
    turn: Turn,
    frame: Frame,
    state: State,
    output: Any,
    *,
    scope: Scope | None = None,
    next_state: str | None = None,
    assigned: Evaluator | None = None,
    text: str | None = None,
) -> Step:
    """Leaves the state with this output (or this text of it, when nobody has parsed it)."""
    if text is None:
        text = text_of(frame, output)
    if too_long(text):
        raise too_large(state.name)
    set_variables = assign(frame, assigned, scope) if assigned and scope else None
    turn.emit(frame, f"{state.type}StateExited", history.exited(state.name, text, set_variables))
    frame.set_input(text, output)
    frame.attempts = {}
    frame.retries = 0
    frame.wait = frame.token = None
    turn.live.touch("frame", frame.id)
    if next_state is None:
        return Step.ENDS
    frame.state, frame.entered = next_state, 0
    return Step.ON
