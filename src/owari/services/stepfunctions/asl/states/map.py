"""Map, inline: one frame per item, a limited number at a time."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.asl.definition import Map
from owari.services.stepfunctions.asl.fault import runtime
from owari.services.stepfunctions.asl.flow import (
    Step,
    effective_input,
    finish,
    states_variable,
)
from owari.services.stepfunctions.asl.frames import Frame, Join
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.scope import Scope
from owari.services.stepfunctions.asl.sweep import clear_children
from owari.services.stepfunctions.asl.turn import Around, Turn

# "The Map state in Inline mode supports up to 40 concurrent iterations."
CONCURRENCY_MAX = 40


def map_scope(around: Around, state: Map, value: Any) -> Scope:
    return around.scope(value, states_variable(value) if state.jsonata else None)


def concurrency(turn: Turn, state: Map, scope: Scope, most: int) -> int:
    """How many iterations at a time; 0 means as many as there may be."""
    wanted = state.max_concurrency(scope) if state.max_concurrency else 0
    if wanted < 0:
        raise runtime("MaxConcurrency must be a non-negative integer.")
    turn.note("maxConcurrency", wanted)
    return min(int(wanted) or most, most)


def enter(turn: Turn, frame: Frame, state: Map) -> Step:
    items, limit = prepare(turn, frame, state)
    first = turn.emit(frame, "MapStateStarted", {"length": len(items)})
    join = Join(frame.id, len(items), limit, first)
    turn.live.put_join(join)
    turn.live.put_items(frame.id, items)
    if not items:
        return complete(turn, frame, state, first)
    frame.wait = "children"
    for _ in range(min(limit, len(items))):
        start_iteration(turn, frame, state, join, first)
    return Step.WAITS


def prepare(turn: Turn, frame: Frame, state: Map) -> tuple[list[Any], int]:
    """The items, and how many iterations may run at a time."""
    around = Around(turn, frame)
    scope = map_scope(around, state, effective_input(state, around, frame.value))
    items = state.items(scope)
    turn.note("afterItemsPath", items)
    note_selected(turn, frame, state, items)
    return items, concurrency(turn, state, scope, CONCURRENCY_MAX)


def iteration_input(turn: Turn, frame: Frame, state: Map, index: int, item: Any) -> Any:
    """The item, or what ItemSelector makes of it."""
    if state.item_selector is None:
        return item
    around = Around(turn, frame, item={"Index": index, "Value": item})
    value = effective_input(state, around, frame.value)
    return state.item_selector(map_scope(around, state, value))


def note_selected(turn: Turn, frame: Frame, state: Map, items: list[Any]) -> None:
    if turn.trace is not None and state.item_selector is not None:
        made = [iteration_input(turn, frame, state, at, item) for at, item in enumerate(items)]
        turn.note("afterItemSelector", made)


def start_iteration(turn: Turn, frame: Frame, state: Map, join: Join, previous: int) -> None:
    index = join.next
    item = turn.live.items_of(frame.id)[index]
    value = iteration_input(turn, frame, state, index, item)
    join.next += 1
    join.running += 1
    turn.live.touch("join", frame.id)
    begun = turn.record("MapIterationStarted", previous, {"name": state.name, "index": index})
    part = turn.machine.parts[state.processor]
    child = Frame(
        f"{frame.id}.{index}", part.path, part.start_at, dumps(value), begun, index, read=value
    )
    turn.live.put(child)
    turn.ready.append(child.id)


def on_iteration_succeeded(turn: Turn, frame: Frame, state: Map, join: Join, child: Frame) -> Step:
    details = {"name": state.name, "index": child.index}
    ended = turn.record("MapIterationSucceeded", child.previous, details)
    if join.next < join.total:
        start_iteration(turn, frame, state, join, child.previous)
    elif join.running == 0:
        return complete(turn, frame, state, ended)
    return Step.WAITS


def complete(turn: Turn, frame: Frame, state: Map, last: int) -> Step:
    """All iterations have ended well; their outputs, in the items' order, are the result."""
    turn.record("MapStateSucceeded", last)
    frame.previous = last
    texts = turn.live.child_texts(frame.id, turn.live.join(frame.id).total)
    after = finish(turn, frame, state, f"[{','.join(texts)}]")
    clear_children(turn, frame)
    return after
