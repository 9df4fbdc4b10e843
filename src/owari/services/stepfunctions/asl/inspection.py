"""TestState: one state run on its own, with what it computed on the way shown.

AWS: "Using TestState API to test a state in Step Functions". It uses the states' own functions;
a task that is not mocked is the shell's to run, between `begin` and `conclude`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from owari.services.stepfunctions.asl.compiler import compile_machine
from owari.services.stepfunctions.asl.definition import (
    DistributedMap,
    Fail,
    Machine,
    Map,
    Parallel,
    Pass,
    State,
    Task,
    Wait,
)
from owari.services.stepfunctions.asl.failure import catch_error
from owari.services.stepfunctions.asl.fault import StateError
from owari.services.stepfunctions.asl.flow import Step, finish
from owari.services.stepfunctions.asl.frames import ROOT, Execution, Frame, Live
from owari.services.stepfunctions.asl.inspection_request import (
    Mock,
    Request,
    check_request,
    invalid,
)
from owari.services.stepfunctions.asl.instructions import ScheduleTask
from owari.services.stepfunctions.asl.json_text import loads
from owari.services.stepfunctions.asl.machine import ENTER
from owari.services.stepfunctions.asl.retry import find_catcher, matches
from owari.services.stepfunctions.asl.scope import Chance
from owari.services.stepfunctions.asl.states import distributed_map, task, wait
from owari.services.stepfunctions.asl.states import map as inline_map
from owari.services.stepfunctions.asl.turn import Turn

Json = dict[str, Any]
# The name AWS gives the state of a definition that is only a state.
STATE_NAME = "StateName"
# What inspection data shows of each type of state, besides `input` and `variables`.
_RESULT = ("afterResultSelector", "afterResultPath")
_MAP = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")
_ITEMS = ("afterItemSelector", "afterItemBatcher")
SHOWN: dict[str, tuple[str, ...]] = {
    "Pass": ("afterInputPath", "afterParameters", *_RESULT),
    "Task": ("afterInputPath", "afterParameters", "result", *_RESULT),
    "Choice": ("afterInputPath",),
    "Wait": ("afterInputPath",),
    "Succeed": ("afterInputPath",),
    "Fail": (),
    "Parallel": _RESULT,
    "Map": ("afterInputPath", "afterItemsPath", *_ITEMS, *_RESULT, *_MAP),
}
SHOWN_JSONATA: dict[str, tuple[str, ...]] = {"Task": ("afterArguments",), "Map": (*_ITEMS, *_MAP)}
# These are numbers in the answer; the others are JSON text.
NUMBERS = _MAP


@dataclass(slots=True)
class Inspection:
    """A state being tested. `task` is what is to be run before it can be concluded."""

    turn: Turn
    frame: Frame
    state: State
    request: Request
    task: ScheduleTask | None = None
    answer: Json = field(default_factory=dict)


def machine_of(source: Json) -> Machine:
    """A state alone is put into a machine of its own; its targets need not exist."""
    if "States" in source:
        return compile_machine(source)
    return compile_machine({"StartAt": STATE_NAME, "States": {STATE_NAME: source}})


def find_state(machine: Machine, name: str | None) -> tuple[str, str]:
    """(part, name) of the state to test, at whatever depth it is."""
    if name is None:
        return "", machine.root.start_at
    for path, part in machine.parts.items():
        if name in part.states:
            return path, name
    raise invalid(f"State '{name}' does not exist in the state machine definition")


def begin(
    machine: Machine, request: Request, execution: Execution, *, now_ms: int, chance: Chance
) -> Inspection:
    """Runs the state as far as it goes without the outside."""
    part, name = find_state(machine, request.state_name)
    live = Live(execution)
    turn = Turn(machine, live, now_ms, chance, lambda arn: True, trace={}, shown_name=STATE_NAME)
    turn.given_context = request.context
    frame = Frame(ROOT, part, name, request.input, 0, variables=dict(request.variables))
    frame.entered_ms, frame.entered = now_ms, 1
    frame.retries = request.configuration.get("retrierRetryCount", 0)
    live.put(frame)
    state = turn.state(frame)
    check_request(state, request)
    inspection = Inspection(turn, frame, state, request)
    _attempt(inspection, lambda: _enter(inspection))
    return inspection


def _enter(inspection: Inspection) -> Step:
    turn, frame, state = inspection.turn, inspection.frame, inspection.state
    mock = inspection.request.mock
    if isinstance(state, Map):
        return _enter_map(inspection, state, mock)
    if isinstance(state, Parallel) and mock is not None:
        return _mocked(inspection, mock)
    after = ENTER[type(state)](turn, frame, state)
    if isinstance(state, Wait) and after is Step.WAITS:
        return wait.wake(turn, frame, state)
    if not isinstance(state, Task):
        return after
    if mock is not None:
        return _mocked(inspection, mock)
    inspection.task = next(i for i in turn.instructions if isinstance(i, ScheduleTask))
    return Step.WAITS


def _enter_map(inspection: Inspection, state: Map, mock: Mock | None) -> Step:
    turn, frame = inspection.turn, inspection.frame
    failures = inspection.request.configuration.get("mapIterationFailureCount", 0)
    if isinstance(state, DistributedMap):
        items = inspection.request.configuration.get("mapItemReaderData")
        join = distributed_map.prepare(turn, frame, state, loads(items) if items else [])
        join.failed = failures
        if (mock is None or not mock.fails) and distributed_map.exceeded(join):
            raise distributed_map.EXCEEDED
    else:
        inline_map.prepare(turn, frame, state)
    if mock is None:
        raise invalid("A mock must be specified when testing a Map state")
    return _mocked(inspection, mock)


def _mocked(inspection: Inspection, mock: Mock) -> Step:
    if mock.result is None:
        raise StateError(mock.error, mock.cause)
    return finish(inspection.turn, inspection.frame, inspection.state, mock.result)


def conclude(inspection: Inspection, output: str | None, failure: StateError | None) -> None:
    """The task that was run has ended with this JSON text, or failed."""
    turn, frame, state = inspection.turn, inspection.frame, inspection.state
    assert isinstance(state, Task)
    if failure is not None:
        _attempt(inspection, lambda: task.on_failed(turn, frame, state, failure, ""))
    else:
        _attempt(inspection, lambda: task.on_succeeded(turn, frame, state, output or "null"))


def _attempt(inspection: Inspection, act: Callable[[], Step]) -> None:
    try:
        after = act()
    except StateError as failure:
        _fail(inspection, failure)
        return
    if after is Step.WAITS:
        return
    inspection.answer["status"] = "SUCCEEDED"
    inspection.answer["output"] = shown_text(inspection.frame.value)
    if after is Step.ON:
        inspection.answer["nextState"] = inspection.frame.state


def _fail(inspection: Inspection, failure: StateError) -> None:
    """Tells which Retry or Catch the error would meet."""
    answer = inspection.answer
    if failure.error is not None:
        answer["error"] = failure.error
    if failure.cause is not None:
        answer["cause"] = failure.cause
    answer["status"] = "FAILED"
    if isinstance(inspection.state, Fail) or failure.terminal:
        return
    if _retriable(inspection, failure):
        answer["status"] = "RETRIABLE"
        return
    at = find_catcher(inspection.state, failure)
    if at is None:
        return
    turn, frame, state = inspection.turn, inspection.frame, inspection.state
    try:
        catch_error(turn, frame, state, state.catch[at], failure)
    except StateError as within:  # the Catch itself fails, and nothing catches that
        answer["error"], answer["cause"] = within.error, within.cause
        return
    turn.note("errorDetails", {"catchIndex": at})
    answer["status"], answer["nextState"] = "CAUGHT_ERROR", frame.state
    answer["output"] = shown_text(frame.value)


def _retriable(inspection: Inspection, failure: StateError) -> bool:
    tried = inspection.request.configuration.get("retrierRetryCount", 0)
    for at, retrier in enumerate(inspection.state.retry):
        if not matches(retrier.errors, failure):
            continue
        details = {"retryIndex": at}
        left = bool(tried < retrier.max_attempts)
        if left:
            delay = retrier.interval_s * retrier.backoff_rate**tried
            if retrier.max_delay_s is not None:
                delay = min(delay, retrier.max_delay_s)
            details["retryBackoffIntervalSeconds"] = int(delay)
        inspection.turn.note("errorDetails", details)
        return left
    return False


def shown_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def inspection_data(inspection: Inspection) -> Json:
    """For the levels DEBUG and TRACE."""
    state, trace = inspection.state, inspection.turn.trace or {}
    names = SHOWN_JSONATA.get(state.type, ()) if state.jsonata else SHOWN[state.type]
    if isinstance(state, Pass) and state.has_result and not state.jsonata:
        names = ("result", *_RESULT)
    if isinstance(state, Fail) and inspection.request.state_name is None:
        names = ("afterInputPath",)  # so AWS shows it, for a definition that is only a state
    made: Json = {"input": inspection.request.input}
    for name in names:
        if name in trace:
            made[name] = trace[name] if name in NUMBERS else shown_text(trace[name])
    if "toleratedFailurePercentage" in made:
        made["toleratedFailurePercentage"] = float(made["toleratedFailurePercentage"])
    if "errorDetails" in trace:
        made["errorDetails"] = trace["errorDetails"]
    if inspection.request.variables:
        made["variables"] = shown_text(inspection.request.variables)
    return made
