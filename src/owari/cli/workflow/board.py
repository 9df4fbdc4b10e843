"""The states as lines: a list that is redrawn in place, or, not on a terminal, news only."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from owari.cli.workflow.history import Progress
from owari.cli.workflow.machine import Scope, State, in_order
from owari.cli.workflow.notes import MapRuns, elsewhere, length, notes
from owari.cli.workflow.scene import Note, Notes
from owari.cli.workflow.text import COLOURS, GLYPHS, cells

WAITING = Note("waiting", "")
NAME_MAX = 40


@dataclass(frozen=True, slots=True)
class Line:
    """`repeated`: within a Map, where many visits share the line."""

    state: State
    depth: int
    repeated: bool


def lines(scope: Scope, depth: int = 0, repeated: bool = False) -> Iterator[Line]:
    for state in in_order(scope):
        yield Line(state, depth, repeated)
        for inner in state.scopes:
            yield from lines(inner, depth + 1, repeated or state.type == "Map")


def outline(scope: Scope, told: Notes | None, coloured: bool = False) -> list[str]:
    """Every state with what it does, and how it fared."""
    every = list(lines(scope))
    wide = _name_width(every)
    found = []
    for line in every:
        note = (told or {}).get(line.state.name, WAITING)
        after = line.state.detail + (f"  {note.text}" if note.text else "")
        found.append(_row(line, note, wide, after, coloured))
    return found


def _name_width(every: Sequence[Line]) -> int:
    return min(NAME_MAX, max((2 * n.depth + cells(n.state.name) for n in every), default=0))


def _row(line: Line, note: Note, wide: int, after: str, coloured: bool) -> str:
    indent = "  " * line.depth
    name = line.state.name
    room = max(4, wide - len(indent))
    if cells(name) > room:
        name = name[: room - 1] + "…"
    fill = " " * (room - cells(name))
    text = f"{indent}{GLYPHS[note.status]} {name}{fill}  {after}".rstrip()
    return f"\x1b[{COLOURS[note.status]}m{text}\x1b[0m" if coloured else text


@dataclass(slots=True)
class Board:
    """Shows an execution's progress on `out`."""

    title: str
    scope: Scope
    out: TextIO = field(default_factory=lambda: sys.stderr)
    _drawn: int = 0
    _told: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def show(self, progress: Progress, now: datetime, map_runs: MapRuns) -> None:
        told = notes(progress, now, map_runs)
        told = elsewhere(self.scope, progress, told)
        if self.out.isatty():
            self._redraw(progress, told, now)
        else:
            self._tell(progress, told, now, map_runs)

    def _redraw(self, progress: Progress, told: Notes, now: datetime) -> None:
        columns, rows = shutil.get_terminal_size()
        every = list(lines(self.scope))
        wide = _name_width(every)
        shown, left = _fitting(every, told, rows - 3)
        took = _took_s(progress, now)
        texts = [f"{self.title}  {progress.status.lower().replace('_', ' ')}  {length(took)}"]
        for line in shown:
            note = told.get(line.state.name, WAITING)
            room = max(1, columns - wide - 5)
            texts.append(_row(line, note, wide, note.text[:room], True))
        if left:
            texts.append(f"  … and {left} more")
        up = f"\x1b[{self._drawn}F" if self._drawn else ""
        body = "".join(f"\x1b[2K{text}\n" for text in texts)
        print(f"{up}{body}\x1b[J", end="", file=self.out, flush=True)
        self._drawn = len(texts)

    def _tell(self, progress: Progress, told: Notes, now: datetime, map_runs: MapRuns) -> None:
        took = _took_s(progress, now)
        for line in lines(self.scope):
            name = line.state.name
            note = told.get(name, WAITING)
            key = _stage(progress, line, note, map_runs)
            if note.status in ("waiting", "elsewhere") or self._told.get(name) == key:
                continue
            if line.repeated and note.status != "failed":  # the Map's own line counts them
                continue
            self._told[name] = key
            indent = "  " * line.depth
            text = f"{indent}{GLYPHS[note.status]} {name}  {note.status}  {note.text}"
            print(f"{took:8.1f} s  {text}".rstrip(), file=self.out, flush=True)


def _took_s(progress: Progress, now: datetime) -> float:
    if progress.started is None:
        return 0.0
    return max(0.0, ((progress.ended or now) - progress.started).total_seconds())


def _stage(progress: Progress, line: Line, note: Note, map_runs: MapRuns) -> tuple[object, ...]:
    """What makes a new line worth it; of iterations, each quarter."""
    tally = progress.states.get(line.state.name)
    if tally is None:
        return (note.status,)
    if line.repeated:
        return ("failed",)
    counts = map_runs.get(tally.map_run, tally.iterations)
    quarter = 4 * counts.done // counts.total if counts.total else 0
    return note.status, tally.retries, quarter, tally.entered


def _fitting(every: Sequence[Line], told: Notes, rows: int) -> tuple[list[Line], int]:
    """Those that there is room for: what has succeeded and what is to come gives way."""
    room = max(1, rows)
    if len(every) <= room:
        return list(every), 0
    rank = {"running": 0, "failed": 0, "caught": 1, "aborted": 1, "waiting": 3}
    places = sorted(
        range(len(every)),
        key=lambda n: (rank.get(told.get(every[n].state.name, WAITING).status, 2), n),
    )
    kept = sorted(places[: room - 1])
    return [every[n] for n in kept], len(every) - len(kept)
