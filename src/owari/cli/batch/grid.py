"""The children of an array as a grid of their states. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from owari.cli.batch.counts import STATES

GLYPHS = {
    "SUBMITTED": "·", "PENDING": "·", "RUNNABLE": "·", "STARTING": "○", "RUNNING": "●",
    "SUCCEEDED": "■", "FAILED": "✗",
}  # fmt: skip
COLOURS = {
    "SUBMITTED": "2", "PENDING": "2", "RUNNABLE": "2", "STARTING": "34", "RUNNING": "34;1",
    "SUCCEEDED": "32", "FAILED": "31;1",
}  # fmt: skip
# A cell that stands for several shows the one that most wants to be seen.
RANK = ("FAILED", "RUNNING", "STARTING", "PENDING", "SUBMITTED", "RUNNABLE", "SUCCEEDED")
NAMES = (("SUCCEEDED", "succeeded"), ("FAILED", "failed"), ("RUNNING", "running"),
         ("STARTING", "starting"), ("RUNNABLE", "waiting"))  # fmt: skip
ROWS_MAX = 20


def grid(
    states: Sequence[str], numbers: Sequence[int], columns: int, coloured: bool = False
) -> Iterator[str]:
    """Rows of cells, each row with the number of its first child, then what the glyphs mean.

    `numbers`: of the children, as their programs see them. A cell stands for more than one child
    where there are more than ROWS_MAX rows of them.
    """
    margin = max(len(str(number)) for number in numbers) + 2
    width = max(10, (columns - margin) // 10 * 10)
    each = -(-len(states) // (width * ROWS_MAX))
    cells = [_shown(states[n : n + each]) for n in range(0, len(states), each)]
    for start in range(0, len(cells), width):
        number = f"{numbers[start * each]:>{margin - 2}}"
        yield f"{number}  " + "".join(_cell(s, coloured) for s in cells[start : start + width])
    present = {GLYPHS[state] for state in states}
    legend = [f"{_cell(s, coloured)} {name}" for s, name in NAMES if GLYPHS[s] in present]
    scale = f"   one mark is {each} children, the worst shows" if each > 1 else ""
    yield " " * margin + "  ".join(legend) + scale


def _shown(states: Sequence[str]) -> str:
    present = set(states)
    return next(state for state in RANK if state in present)


def _cell(state: str, coloured: bool) -> str:
    glyph = GLYPHS[state]
    return f"\x1b[{COLOURS[state]}m{glyph}\x1b[0m" if coloured else glyph


assert set(RANK) == set(STATES) == set(GLYPHS)
