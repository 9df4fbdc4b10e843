"""A laid out state machine drawn with characters, for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from owari.cli.workflow.layers import Box, Gaps
from owari.cli.workflow.machine import START, Scope
from owari.cli.workflow.palette import wrapped
from owari.cli.workflow.scene import Drawn, Edge, Metrics, Note, Notes, Panel, place

GLYPHS = {
    "succeeded": "✓",
    "failed": "✗",
    "caught": "!",
    "running": "●",
    "aborted": "■",
    "elsewhere": "↗",
    "waiting": "·",
}
COLOURS = {
    "succeeded": "32",
    "failed": "31",
    "caught": "33",
    "running": "34;1",
    "aborted": "35",
    "elsewhere": "",
    "waiting": "2",
}


def cells(text: str) -> int:
    """How many columns a text takes."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


METRICS = Metrics(
    name_width=cells,
    small_width=cells,
    name_lines=lambda text: wrapped(text, 30, 3),
    label_lines=lambda text: wrapped(text, 26, 2),
    line=1,
    small=1,
    side=2,
    top=1,
    bottom=1,
    terminal=Box(4, 1),
    dot=Box(0, 1),
    panel_x=2,
    panel_y=1,
    loop=3,
    gaps=Gaps(node=2, port=4, track=1, above=0, below=2),
    extent=1,
)

NORTH, EAST, SOUTH, WEST = 1, 2, 4, 8
_LINES = " ╵╶└╷│┌├╴┘─┴┐┤┬┼"  # by the sum of the directions that lines go from here
_DASHED = {NORTH | SOUTH: "┊", EAST | WEST: "┈"}


@dataclass(slots=True)
class Canvas:
    """`lines`: the directions of the lines that meet in a cell; `marks` lie over them."""

    lines: dict[tuple[int, int], int] = field(default_factory=dict)
    solid: set[tuple[int, int]] = field(default_factory=set)
    marks: dict[tuple[int, int], str] = field(default_factory=dict)
    colours: dict[tuple[int, int], str] = field(default_factory=dict)

    def line(self, start: tuple[int, int], end: tuple[int, int], dashed: bool = False) -> None:
        """Level or upright, both ends included."""
        (x1, y1), (x2, y2) = min(start, end), max(start, end)
        ways = (EAST, WEST) if y1 == y2 else (SOUTH, NORTH)
        places = [(x, y) for x in range(x1, x2 + 1) for y in range(y1, y2 + 1)]
        for one, other in pairwise(places):
            self.lines[one] = self.lines.get(one, 0) | ways[0]
            self.lines[other] = self.lines.get(other, 0) | ways[1]
        if not dashed:
            self.solid.update(places)

    def write(self, x: int, y: int, text: str, colour: str = "") -> None:
        for character in text:
            self.marks[x, y] = character
            self.colours[x, y] = colour
            for covered in range(1, cells(character)):
                self.marks[x + covered, y] = ""
            x += max(1, cells(character))

    def clear(self, x: int, y: int, width: int, height: int) -> None:
        for cell in [(x + i, y + j) for i in range(width) for j in range(height)]:
            self.lines.pop(cell, None)

    def rows(self, coloured: bool) -> Iterator[str]:
        places = self.lines.keys() | self.marks.keys()
        for y in range(max((y for _, y in places), default=-1) + 1):
            last = max((x for x, row in places if row == y), default=-1)
            row = [(self._at(x, y), self.colours.get((x, y), "")) for x in range(last + 1)]
            yield _painted(row) if coloured else "".join(c for c, _ in row).rstrip()

    def _at(self, x: int, y: int) -> str:
        if (x, y) in self.marks:
            return self.marks[x, y]
        ways = self.lines.get((x, y), 0)
        if ways in _DASHED and (x, y) not in self.solid:
            return _DASHED[ways]
        return _LINES[ways]


def _painted(row: list[tuple[str, str]]) -> str:
    found, now = [], ""
    for character, colour in row:
        if colour != now:
            found.append(f"\x1b[0;{colour}m" if colour else "\x1b[0m")
            now = colour
        found.append(character)
    return "".join(found) + ("\x1b[0m" if now else "")


def drawing(scope: Scope, notes: Notes | None = None, *, coloured: bool = False) -> str:
    """The machine; with notes, one of its executions."""
    told = {
        name: Note(note.status, f"{GLYPHS[note.status]} {note.text}".rstrip())
        for name, note in (notes or {}).items()
    }
    canvas = Canvas()
    _panel(canvas, place(scope, told, METRICS), told, None if notes is None else "waiting")
    return "\n".join(canvas.rows(coloured))


def _panel(canvas: Canvas, panel: Panel, notes: Notes, otherwise: str | None) -> None:
    for edge in panel.edges:
        _route(canvas, edge)
    for box in panel.boxes:
        _box(canvas, box, notes, otherwise)
    for loop in panel.loops:
        canvas.write(loop.x + 1, (loop.top + loop.bottom) // 2, f"↻ {loop.text}")
    for edge in panel.edges:
        if edge.label:
            for at, line in enumerate(edge.label.lines):
                canvas.write(edge.label.axis - cells(line) // 2, edge.label.top + at, line)


def _route(canvas: Canvas, edge: Edge) -> None:
    points = list(edge.points)
    up = points[0][1] > points[-1][1]
    low = 0 if up else -1  # where it meets the lower box: in the row above that
    points[low] = (points[low][0], points[low][1] - 1)
    canvas.lines[points[0]] = canvas.lines.get(points[0], 0) | (SOUTH if up else NORTH)
    for one, other in pairwise(points):
        canvas.line(one, other, dashed=edge.transition.kind == "catch")
    canvas.marks[points[-1]] = "▲" if up else "▼"


def _box(canvas: Canvas, box: Drawn, notes: Notes, otherwise: str | None) -> None:
    if box.state is None:
        _terminal(canvas, box)
        return
    note = notes.get(box.name)
    colour = COLOURS.get((note.status if note else otherwise) or "", "")
    canvas.clear(box.x, box.y, box.width, box.height)
    _frame(canvas, box.x, box.y, box.width, box.height, colour)
    if box.state.type == "Choice":
        right, low = box.x + box.width - 1, box.y + box.height - 1
        for x, y, corner in ((box.x, box.y, "╱"), (right, box.y, "╲"), (box.x, low, "╲")):
            canvas.write(x, y, corner, colour)
        canvas.write(right, low, "╱", colour)
    for at, line in enumerate((*box.names, *box.small)):
        canvas.write(box.x + (box.width - cells(line)) // 2, box.y + 1 + at, line, colour)
    for inner in box.panels:
        if len(box.panels) > 1:
            _frame(canvas, inner.x, inner.y, inner.width, inner.height, COLOURS["waiting"])
        _panel(canvas, inner, notes, otherwise)


def _frame(canvas: Canvas, x: int, y: int, width: int, height: int, colour: str) -> None:
    right, low = x + width - 1, y + height - 1
    canvas.write(x, y, f"╭{'─' * (width - 2)}╮", colour)
    canvas.write(x, low, f"╰{'─' * (width - 2)}╯", colour)
    for row in range(y + 1, low):
        canvas.write(x, row, "│", colour)
        canvas.write(right, row, "│", colour)


def _terminal(canvas: Canvas, box: Drawn) -> None:
    start = box.name == START
    if box.names:
        canvas.write(box.x, box.y, ("( Start )" if start else "( End )").center(box.width))
        return
    canvas.write(box.x, box.y, ("●" if start else "◉").center(box.width, "─"))
