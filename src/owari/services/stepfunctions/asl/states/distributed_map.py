"""Map, distributed: one child execution per item or batch, counted by the map run.

AWS: "Using Map state in Distributed mode for large-scale parallel workloads".
"""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.asl import history
from owari.services.stepfunctions.asl.definition import DistributedMap
from owari.services.stepfunctions.asl.fault import StateError, runtime
from owari.services.stepfunctions.asl.flow import (
    DATA_MAX_BYTES,
    Step,
    effective_input,
    finish,
)
from owari.services.stepfunctions.asl.frames import SUCCEEDED, Frame, Join
from owari.services.stepfunctions.asl.instructions import (
    ReadItems,
    StartChild,
    StartMapRun,
    StopMapRun,
    WriteResults,
)
from owari.services.stepfunctions.asl.json_text import dumps, size
from owari.services.stepfunctions.asl.scope import Scope
from owari.services.stepfunctions.asl.states.map import (
    concurrency,
    iteration_input,
    map_scope,
    note_selected,
)
from owari.services.stepfunctions.asl.sweep import clear_children
from owari.services.stepfunctions.asl.turn import Around, Turn

CONCURRENCY_MAX = 10_000
# Children alive at a time when the definition sets no lower bound: more would only queue.
CHILDREN_MAX = 1_000
EXCEEDED = StateError(
    "States.ExceedToleratedFailureThreshold",
    "The specified tolerated failure threshold was exceeded",
)


def enter(turn: Turn, frame: Frame, state: DistributedMap) -> Step:
    around = Around(turn, frame)
    scope = map_scope(around, state, effective_input(state, around, frame.value))
    items = None if state.reader else state.items(scope)
    limit = min(concurrency(turn, state, scope, CONCURRENCY_MAX), CHILDREN_MAX)
    started = {"length": len(items or ())}
    first = turn.emit(frame, "MapStateStarted", started)
    join = Join(frame.id, 0, limit, first)
    tolerate(turn, state, scope, join)
    join.run_arn = _run_arn(turn, state)
    join.run_event = turn.emit(frame, "MapRunStarted", {"mapRunArn": join.run_arn})
    turn.live.put_join(join)
    frame.wait = "children"
    if state.reader is not None:
        turn.instruct(ReadItems(frame.id, join.run_arn, state.reader(scope)))
        return Step.WAITS
    return _begin(turn, frame, state, join, items or [])


def tolerate(turn: Turn, state: DistributedMap, scope: Scope, join: Join) -> None:
    """Sets how many failures the run bears."""
    if state.tolerated_count is not None:
        join.tolerated_count = state.tolerated_count(scope)
        if join.tolerated_count is not None and join.tolerated_count < 0:
            raise runtime("ToleratedFailureCount cannot be negative.")
        turn.note("toleratedFailureCount", join.tolerated_count)
    if state.tolerated_percentage is not None:
        join.tolerated_percentage = state.tolerated_percentage(scope)
        if not 0 <= (join.tolerated_percentage or 0) <= 100:
            raise runtime("ToleratedFailurePercentage must be between 0 and 100.")
        turn.note("toleratedFailurePercentage", join.tolerated_percentage)


def _run_arn(turn: Turn, state: DistributedMap) -> str:
    _, _, _, region, account, _, name, *_ = turn.live.execution.machine_arn.split(":")
    label = state.label or turn.chance.uuid()
    return f"arn:aws:states:{region}:{account}:mapRun:{name}/{label}:{turn.chance.uuid()}"


def _begin(turn: Turn, frame: Frame, state: DistributedMap, join: Join, items: list[Any]) -> Step:
    assert join.run_arn is not None
    inputs = items if state.batcher is None else _batches(turn, frame, state, items)
    join.total = len(inputs)
    turn.live.put_items(frame.id, inputs)
    turn.live.touch("join", frame.id)
    turn.instruct(
        StartMapRun(
            frame.id,
            join.run_arn,
            state.processor,
            state.execution_type,
            join.total,
            join.limit,
            join.tolerated_count,
            join.tolerated_percentage,
        )
    )
    if not inputs:
        return _all_ended(turn, frame, state, join)
    for _ in range(min(join.limit, join.total)):
        _start_child(turn, frame, state, join)
    return Step.WAITS


def _batches(
    turn: Turn, frame: Frame, state: DistributedMap, items: list[Any]
) -> list[dict[str, Any]]:
    """The inputs of the children: `{"BatchInput": …, "Items": […]}`."""
    assert state.batcher is not None
    around = Around(turn, frame)
    value = effective_input(state, around, frame.value)
    settings = state.batcher(map_scope(around, state, value))
    most = _batch_bound(settings, "MaxItemsPerBatch", len(items) or 1)
    most_bytes = _batch_bound(settings, "MaxInputBytesPerBatch", DATA_MAX_BYTES)
    fixed = {"BatchInput": settings["BatchInput"]} if "BatchInput" in settings else {}
    batches: list[dict[str, Any]] = []
    held = 0
    for index, item in enumerate(items):
        made = iteration_input(turn, frame, state, index, item)
        weight = size(dumps(made)) + 1
        if not batches or len(batches[-1]["Items"]) >= most or held + weight > most_bytes:
            batches.append({**fixed, "Items": []})
            held = size(dumps(batches[-1]))
        batches[-1]["Items"].append(made)
        held += weight
    return batches


def _batch_bound(settings: dict[str, Any], name: str, default: int) -> int:
    found = settings.get(name, default)
    if isinstance(found, bool) or not isinstance(found, int | float) or found < 1:
        raise runtime(f"{name} must be a positive integer but was: {dumps(found)}")
    return int(found)


def _start_child(turn: Turn, frame: Frame, state: DistributedMap, join: Join) -> None:
    assert join.run_arn is not None
    index = join.next
    made = turn.live.items_of(frame.id)[index]
    if state.batcher is None:
        made = iteration_input(turn, frame, state, index, made)
    join.next += 1
    join.running += 1
    turn.live.touch("join", frame.id)
    turn.instruct(
        StartChild(
            frame.id, join.run_arn, index, state.processor, state.execution_type, dumps(made)
        )
    )


def prepare(turn: Turn, frame: Frame, state: DistributedMap, read: list[Any]) -> Join:
    """Evaluates what TestState inspects, without starting anything. `read` are the items of an
    ItemReader."""
    around = Around(turn, frame)
    scope = map_scope(around, state, effective_input(state, around, frame.value))
    items = read if state.reader else state.items(scope)
    turn.note("afterItemsPath", items)
    note_selected(turn, frame, state, items)
    if state.batcher is not None:
        turn.note("afterItemBatcher", _batches(turn, frame, state, items))
    join = Join(frame.id, len(items), concurrency(turn, state, scope, CONCURRENCY_MAX), 0)
    tolerate(turn, state, scope, join)
    return join


def restart_failed(turn: Turn, frame: Frame, state: DistributedMap, join: Join) -> None:
    """A redrive: the children that did not succeed are started again."""
    assert join.run_arn is not None
    join.redrives += 1
    turn.emit(frame, "MapRunRedriven", {"mapRunArn": join.run_arn, "redriveCount": join.redrives})
    join.failed = join.running = 0
    started, join.next = join.next, 0
    for index in range(started):
        child = turn.live.frame(f"{frame.id}.{index}")
        join.next = index
        if child is None or not child.done:
            _start_child(turn, frame, state, join)
    join.next = started
    while join.next < join.total and join.running < join.limit:
        _start_child(turn, frame, state, join)


def on_items(turn: Turn, frame: Frame, state: DistributedMap, items: list[Any]) -> Step:
    return _begin(turn, frame, state, turn.live.join(frame.id), items)


def on_child(
    turn: Turn, frame: Frame, state: DistributedMap, index: int, status: str, output: str | None
) -> Step:
    join = turn.live.join(frame.id)
    join.running -= 1
    turn.live.touch("join", frame.id)
    child = Frame(f"{frame.id}.{index}", state.processor, "", output or "", 0, index)
    child.done = status == SUCCEEDED
    turn.live.put(child)
    if child.done:
        join.succeeded += 1
    else:
        join.failed += 1
        if exceeded(join):
            return on_run_failed(turn, frame, state, EXCEEDED)
    return _start_more(turn, frame, state, join)


def _start_more(turn: Turn, frame: Frame, state: DistributedMap, join: Join) -> Step:
    while join.next < join.total and join.running < join.limit:
        _start_child(turn, frame, state, join)
    if join.next == join.total and join.running == 0:
        return _all_ended(turn, frame, state, join)
    return Step.WAITS


def on_updated(
    turn: Turn,
    frame: Frame,
    state: DistributedMap,
    limit: int,
    count: int | None,
    percentage: float | None,
) -> Step:
    """New bounds while the run goes on; what is already running is left alone."""
    join = turn.live.join(frame.id)
    join.limit = min(limit, CHILDREN_MAX) or CHILDREN_MAX
    join.tolerated_count, join.tolerated_percentage = count, percentage
    turn.live.touch("join", frame.id)
    if exceeded(join):
        return on_run_failed(turn, frame, state, EXCEEDED)
    return _start_more(turn, frame, state, join) if join.running else Step.WAITS


def exceeded(join: Join) -> bool:
    """Either bound is enough; without any, one failure is too many."""
    count, percentage = join.tolerated_count, join.tolerated_percentage
    if percentage is not None and join.failed * 100 > percentage * join.total:
        return True
    if count is not None:
        return join.failed > count
    return percentage is None and join.failed > 0


def _all_ended(turn: Turn, frame: Frame, state: DistributedMap, join: Join) -> Step:
    assert join.run_arn is not None
    if state.writer is not None:
        around = Around(turn, frame)
        scope = map_scope(around, state, effective_input(state, around, frame.value))
        turn.instruct(WriteResults(frame.id, join.run_arn, state.writer(scope)))
        return Step.WAITS
    children = [turn.live.frame(f"{frame.id}.{at}") for at in range(join.total)]
    texts = [child.text for child in children if child is not None and child.done]
    return on_results(turn, frame, state, f"[{','.join(texts)}]")


def on_results(turn: Turn, frame: Frame, state: DistributedMap, text: str) -> Step:
    """`text` is the Map's result, as JSON: the children's outputs, or where they lie."""
    join = turn.live.join(frame.id)
    assert join.run_arn is not None
    turn.instruct(StopMapRun(frame.id, join.run_arn, SUCCEEDED))
    turn.emit(frame, "MapRunSucceeded")
    turn.emit(frame, "MapStateSucceeded")
    # AWS chains the exit to the start of the run.
    frame.previous = join.run_event
    after = finish(turn, frame, state, text)
    clear_children(turn, frame)
    return after


def on_run_failed(turn: Turn, frame: Frame, state: DistributedMap, failure: StateError) -> Step:
    join = turn.live.join(frame.id)
    assert join.run_arn is not None
    turn.instruct(StopMapRun(frame.id, join.run_arn, "FAILED"))
    turn.emit(frame, "MapRunFailed", history.failure(failure.error, failure.cause))
    raise failure
