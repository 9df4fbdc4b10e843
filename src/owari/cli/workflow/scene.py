"""A whole state machine laid out: boxes within boxes, from the innermost scope outwards.

Everything is absolute, in the units of the metrics: pixels, or cells of a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from owari.cli.workflow.layers import Box, Gaps, Link, Point, Route, layout
from owari.cli.workflow.machine import END, START, Scope, State, Transition

Lines = tuple[str, ...]
MAIN_WAY = 4  # how much straighter it runs than what is left by a failure


@dataclass(frozen=True, slots=True)
class Metrics:
    """Sizes of what is drawn. `…_width` measures a line, `…_lines` cuts a text into lines.

    `extent` is what a box occupies beyond twice its half: 1 in cells, 0 in pixels.
    """

    name_width: Callable[[str], int]
    small_width: Callable[[str], int]
    name_lines: Callable[[str], Lines]
    label_lines: Callable[[str], Lines]
    line: int  # height of a name's line
    small: int  # height of a detail's, a note's or a label's line
    side: int  # between a box's left or right edge and its text
    top: int  # between its upper edge and its text
    bottom: int
    terminal: Box  # the machine's start or end
    dot: Box  # an inner scope's start or end
    panel_x: int  # between a scope's edge and what is in it
    panel_y: int
    loop: int  # how far a loop goes out to the right
    gaps: Gaps
    extent: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """How a state is doing: its status (see notes.py) and a few words."""

    status: str
    text: str


Notes = Mapping[str, Note]


@dataclass(frozen=True, slots=True)
class Label:
    lines: Lines
    axis: int
    top: int
    half: int
    height: int


@dataclass(frozen=True, slots=True)
class Edge:
    transition: Transition
    points: tuple[Point, ...]
    label: Label | None


@dataclass(frozen=True, slots=True)
class Loop:
    """A way from a state back to itself, at its right edge; `transition` None: its Retry."""

    state: str
    transition: Transition | None
    x: int
    top: int
    bottom: int
    text: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A state's box; START and END have no state, and a name only in the outermost scope."""

    name: str
    state: State | None
    x: int
    y: int
    width: int
    height: int
    names: Lines
    small: Lines
    panels: tuple[Panel, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """A scope: what is in it, and the rectangle that holds it all."""

    x: int
    y: int
    width: int
    height: int
    boxes: tuple[Drawn, ...]
    edges: tuple[Edge, ...]
    loops: tuple[Loop, ...]


def panels(panel: Panel) -> Iterator[Panel]:
    """The panel and all within it."""
    yield panel
    for box in panel.boxes:
        for inner in box.panels:
            yield from panels(inner)


def place(scope: Scope, notes: Notes, metrics: Metrics, *, outermost: bool = True) -> Panel:
    """Laid out from 0, 0. The outermost scope, and one of several states, shows start and end."""
    drawn = _boxes(scope, notes, metrics, outermost)
    loops = _loops(scope)
    numbers = {box.name: n for n, box in enumerate(drawn)}
    shown = [
        t
        for t in scope.transitions
        if t.source != t.target and t.source in numbers and t.target in numbers
    ]
    result = layout(
        [_box(d, loops.get(d.name, []), metrics) for d in drawn],
        [_link(t, numbers, metrics) for t in shown],
        metrics.gaps,
    )
    boxes = tuple(
        _at(box, at.axis + metrics.panel_x, at.top + metrics.panel_y, at.half, metrics)
        for box, at in zip(drawn, result.boxes, strict=True)
    )
    edges = zip(shown, result.routes, strict=True)
    return Panel(
        0,
        0,
        result.width + metrics.extent + 2 * metrics.panel_x,
        result.height + 2 * metrics.panel_y,
        boxes,
        tuple(_edge(transition, route, metrics) for transition, route in edges),
        tuple(loop for box in boxes for loop in _placed_loops(box, loops.get(box.name, []))),
    )


def _boxes(scope: Scope, notes: Notes, metrics: Metrics, outermost: bool) -> list[Drawn]:
    """The first is where it starts."""
    drawn = [_state(state, notes, metrics) for state in scope.states]
    if not outermost and len(scope.states) == 1:
        return drawn
    size = metrics.terminal if outermost else metrics.dot
    width = 2 * size.half + metrics.extent
    start, end = (
        Drawn(name, None, 0, 0, width, size.height, (text,) if outermost else (), ())
        for name, text in ((START, "Start"), (END, "End"))
    )
    return [start, *drawn, end]


Loops = dict[str, list[tuple[Transition | None, str]]]


def _loops(scope: Scope) -> Loops:
    found: Loops = {s.name: [(None, s.retry)] for s in scope.states if s.retry}
    for t in scope.transitions:
        if t.source == t.target:
            found.setdefault(t.source, []).append((t, t.label))
    return found


def _state(state: State, notes: Notes, metrics: Metrics) -> Drawn:
    """The box's size and text; it is moved to its place later."""
    note = notes.get(state.name)
    names = metrics.name_lines(state.name)
    small = (state.detail, *((note.text,) if note and note.text else ()))
    text_width = max(*map(metrics.name_width, names), *map(metrics.small_width, small))
    height = metrics.top + len(names) * metrics.line + len(small) * metrics.small
    inner = [place(scope, notes, metrics, outermost=False) for scope in state.scopes]
    tallest = max((panel.height for panel in inner), default=0)
    inside = sum(panel.width for panel in inner) + (len(inner) + 1) * metrics.panel_x
    half = (max(text_width + 2 * metrics.side, inside if inner else 0) + 1) // 2
    x = (2 * half - inside) // 2 + metrics.panel_x
    put = []
    for panel in inner:
        put.append(replace(moved(panel, x, height + metrics.panel_y // 2), height=tallest))
        x += panel.width + metrics.panel_x
    if inner:
        height += metrics.panel_y // 2 + tallest
    width = 2 * half + metrics.extent
    return Drawn(state.name, state, 0, 0, width, height + metrics.bottom, names, small, tuple(put))


def _box(drawn: Drawn, loops: list[tuple[Transition | None, str]], metrics: Metrics) -> Box:
    beside = 0
    if loops:
        beside = metrics.loop + max(metrics.small_width(text) for _, text in loops)
    return Box((drawn.width - metrics.extent) // 2, drawn.height, beside)


def _link(transition: Transition, numbers: Mapping[str, int], metrics: Metrics) -> Link:
    label = None
    if transition.label:
        lines = metrics.label_lines(transition.label)
        half = (max(map(metrics.small_width, lines)) + 1) // 2
        label = Box(half, len(lines) * metrics.small)
    weight = 1 if transition.kind in ("catch", "end") else MAIN_WAY
    return Link(numbers[transition.source], numbers[transition.target], label, weight)


def _edge(transition: Transition, route: Route, metrics: Metrics) -> Edge:
    dx, dy = metrics.panel_x, metrics.panel_y
    label = None
    if route.label:
        lines = metrics.label_lines(transition.label)
        half = (max(map(metrics.small_width, lines)) + 1) // 2
        x, y = route.label
        label = Label(lines, x + dx, y + dy, half, len(lines) * metrics.small)
    return Edge(transition, tuple((x + dx, y + dy) for x, y in route.points), label)


def _at(box: Drawn, axis: int, top: int, half: int, metrics: Metrics) -> Drawn:
    """At its place; what is in it stays in the middle if it has grown."""
    width = 2 * half + metrics.extent
    x = axis - half
    grown = (width - box.width) // 2
    inner = tuple(moved(panel, x + grown, top) for panel in box.panels)
    return replace(box, x=x, y=top, width=width, panels=inner)


def _placed_loops(box: Drawn, loops: list[tuple[Transition | None, str]]) -> list[Loop]:
    """One below the other along the right edge."""
    share = box.height / len(loops) if loops else 0
    return [
        Loop(
            box.name,
            transition,
            box.x + box.width,
            int(box.y + at * share),
            int(box.y + (at + 1) * share),
            text,
        )
        for at, (transition, text) in enumerate(loops)
    ]


def moved(panel: Panel, dx: int, dy: int) -> Panel:
    return replace(
        panel,
        x=panel.x + dx,
        y=panel.y + dy,
        boxes=tuple(
            replace(
                b,
                x=b.x + dx,
                y=b.y + dy,
                panels=tuple(moved(inner, dx, dy) for inner in b.panels),
            )
            for b in panel.boxes
        ),
        edges=tuple(_moved_edge(edge, dx, dy) for edge in panel.edges),
        loops=tuple(
            replace(k, x=k.x + dx, top=k.top + dy, bottom=k.bottom + dy) for k in panel.loops
        ),
    )


def _moved_edge(edge: Edge, dx: int, dy: int) -> Edge:
    label = edge.label and replace(edge.label, axis=edge.label.axis + dx, top=edge.label.top + dy)
    return replace(edge, points=tuple((x + dx, y + dy) for x, y in edge.points), label=label)
