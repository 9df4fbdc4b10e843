"""How many children are in which state, and the words and the bar for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from owari.cli.batch.pace import Pace, range_text
from owari.cli.workflow.notes import length

STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
ENDED = ("SUCCEEDED", "FAILED")
WAITING = STATES[:3]
FULL, EMPTY, BROKEN = "━", "─", "╳"
GREEN, RED, DIM, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Counts:
    """`states` in the order of STATES."""

    states: tuple[int, ...]

    def of(self, *names: str) -> int:
        return sum(self.states[STATES.index(name)] for name in names)

    @property
    def total(self) -> int:
        return sum(self.states)

    @property
    def ended(self) -> int:
        return self.of(*ENDED)

    @property
    def running(self) -> int:
        return self.of("STARTING", "RUNNING")


def counts_of(jobs: Iterable[dict[str, Any]]) -> Counts:
    """Of JobDetails or JobSummaries: an array counts its children."""
    sums = dict.fromkeys(STATES, 0)
    for job in jobs:
        properties = job.get("arrayProperties", {})
        if "statusSummary" in properties:
            for state, n in properties["statusSummary"].items():
                sums[state] += n
        else:
            sums[job["status"]] += properties.get("size", 1)
    return Counts(tuple(sums.values()))


def bar(counts: Counts, width: int, coloured: bool = False) -> str:
    """Succeeded, failed and the rest; what there is at all shows."""
    shares = [counts.of("SUCCEEDED"), counts.of("FAILED")]
    cells = [_cells(n, counts.total, width) for n in shares]
    while sum(cells) > width:
        cells[cells.index(max(cells))] -= 1
    rest = EMPTY * (width - sum(cells))
    good, bad = FULL * cells[0], BROKEN * cells[1]
    if not coloured:
        return good + bad + rest
    return f"{GREEN}{good}{PLAIN}{RED}{bad}{PLAIN}{DIM}{rest}{PLAIN}"


def _cells(count: int, total: int, width: int) -> int:
    if not count or not total:
        return 0
    return max(1, min(count * width // total, width))


def told(counts: Counts, pace: Pace) -> str:
    """`523/1000 · 12 running · 3 failed · 41/s · 11–14 s left`."""
    words = [f"{counts.ended}/{counts.total}"]
    for number, name in ((counts.running, "running"), (counts.of("FAILED"), "failed")):
        if number:
            words.append(f"{number} {name}")
    if counts.ended < counts.total:
        if not counts.running and not pace.ended:
            words.append("waiting")
        else:
            if pace.ended:
                words.append(rate_text(pace.rate))
            words.append(f"time left {range_text(pace.left_s(counts.total - counts.ended))}")
    return " · ".join(words)


def rate_text(rate: float) -> str:
    if rate >= 1 or not rate:
        return f"{rate:.0f}/s" if rate >= 10 else f"{rate:.1f}/s"
    return f"{60 * rate:.1f}/min" if rate >= 1 / 60 else f"{3600 * rate:.1f}/h"


def ended_text(counts: Counts, seconds: float | None) -> str:
    """`998 succeeded, 2 failed in 12 s`."""
    words = [f"{counts.of('SUCCEEDED')} succeeded"]
    if counts.of("FAILED"):
        words.append(f"{counts.of('FAILED')} failed")
    return ", ".join(words) + (f" in {length(seconds)}" if seconds is not None else "")
