"""Drawing on a terminal with plain ANSI; only lines when it is not one."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

BAR_WIDTH = 28


@dataclass(slots=True)
class Bar:
    """One function's line. `share` between 0 and 1."""

    name: str
    share: float
    note: str


def drawn(bar: Bar) -> str:
    full = round(max(0.0, min(1.0, bar.share)) * BAR_WIDTH)
    return f"  {bar.name:<16} {'█' * full}{'░' * (BAR_WIDTH - full)}  {bar.note}"


@dataclass(slots=True)
class Screen:
    """`say` prints a line for good; `bars` redraws in place (not a terminal: on news only)."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    _drawn: int = 0
    _told: dict[str, str] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        self._drawn = 0
        print(text, file=self.out, flush=True)

    def bars(self, bars: Sequence[Bar]) -> None:
        if self.out.isatty():
            self._redraw(bars)
        else:
            self._tell(bars)

    def _redraw(self, bars: Sequence[Bar]) -> None:
        up = f"\x1b[{self._drawn}F" if self._drawn else ""
        lines = "".join(f"\x1b[2K{drawn(bar)}\n" for bar in bars)
        print(up + lines, end="", file=self.out, flush=True)
        self._drawn = len(bars)

    def _tell(self, bars: Sequence[Bar]) -> None:
        for bar in bars:
            stage = f"{int(bar.share * 4) * 25} %" if 0 < bar.share < 1 else bar.note
            if self._told.get(bar.name) != stage:
                self._told[bar.name] = stage
                at = time.monotonic() - self._started
                print(f"  {at:6.1f} s  {bar.name:<16} {stage}", file=self.out, flush=True)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the first row is the head."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    lines.insert(1, "  ".join("─" * w for w in widths))
    return "\n".join(f"  {line}" for line in lines)


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
