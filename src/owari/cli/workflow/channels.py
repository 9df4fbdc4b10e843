"""Layered layout, fourth step: between two ranks, a track for each link that must step aside.

A link comes down at `x1`, runs along its track and goes down at `x2`. Links whose runs overlap
get different tracks, in the order that makes the fewest crossings and no shared line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHARED = 1_000  # two links on one line are worse than any crossings


@dataclass(frozen=True, slots=True)
class Step:
    x1: int
    x2: int

    @property
    def low(self) -> int:
        return min(self.x1, self.x2)

    @property
    def high(self) -> int:
        return max(self.x1, self.x2)


def tracks(steps: Sequence[Step], apart: int) -> list[int]:
    """The track of each step, 0 on top. Runs on one track are `apart` from each other."""
    left = sorted(range(len(steps)), key=lambda n: (steps[n].low, steps[n].high, n))
    bad = {n: _Badness() for n in left}
    prices = {(n, m): _price(steps[n], steps[m]) for n in left for m in left if n != m}
    for (upper, lower), price in prices.items():
        bad[upper].count(price, prices[lower, upper], 1)
    found = [0] * len(steps)
    placed: list[int] = []
    while left:
        top = min(left, key=lambda n: (bad[n].shared, bad[n].crossings))
        left.remove(top)
        for n in left:  # what is placed matters no more
            bad[n].count(prices[n, top], prices[top, n], -1)
        over = [found[n] for n in placed if _touch(steps[n], steps[top], apart)]
        found[top] = max(over, default=-1) + 1
        placed.append(top)
    return found


@dataclass(slots=True)
class _Badness:
    """What it would cost to have a step above all others that are left."""

    shared: int = 0
    crossings: int = 0

    def count(self, above: int, below: int, times: int) -> None:
        self.shared += times * (above >= SHARED)
        self.crossings += times * (above - below)


def _touch(a: Step, b: Step, apart: int) -> bool:
    return a.low - apart < b.high and b.low - apart < a.high


def _price(upper: Step, lower: Step) -> int:
    """What it costs to have one above the other."""
    if not _touch(upper, lower, 1):
        return 0
    price = 0
    for x, other in ((lower.x1, upper), (upper.x2, lower)):
        price += other.low < x < other.high
    return price + (SHARED if lower.x1 == upper.x2 else 0)
