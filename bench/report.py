"""One line per figure: what was measured, the goal, and whether it was met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    name: str
    value: str
    goal: str
    met: bool
    floor: str = ""


def ratio(name: str, value_s: float, floor_s: float, goal: float) -> Figure:
    """A time in milliseconds against the same client's time with a server that does nothing."""
    return Figure(
        name,
        f"{value_s * 1e3:.2f} ms",
        f"<= {goal:g} x floor",
        value_s <= goal * floor_s,
        f"{floor_s * 1e3:.2f} ms ({value_s / floor_s:.2f} x)",
    )


def at_most(name: str, value: float, goal: float, unit: str, floor: str = "") -> Figure:
    return Figure(name, f"{value:.2f} {unit}", f"<= {goal:g} {unit}", value <= goal, floor)


def at_least(name: str, value: float, goal: float, unit: str, floor: str = "") -> Figure:
    return Figure(name, f"{value:,.0f} {unit}", f">= {goal:,g} {unit}", value >= goal, floor)


def show(figures: list[Figure], out: Callable[[str], None] = print) -> None:
    rows = [("what", "measured", "goal", "", "floor of the same run")]
    rows += [(f.name, f.value, f.goal, "ok" if f.met else "MISS", f.floor) for f in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for row in rows:
        out("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
