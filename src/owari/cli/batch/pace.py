"""How fast children end, and from that a range for the time that is left. Pure.

The time left is a forecast of when n more will have ended, from c that did. Ends per window of
time are counted; their dispersion F (variance over mean: 1 where children end at random, near 0
where they end like clockwork, large where they end in bursts or their length drifts) says how far
a count strays. The relative error of n/rate is then sqrt(F/c + F/n): what is not known of the
rate, and what chance does to those to come. The range is the 90 % interval of that, on a
logarithmic scale since a time is positive. Few windows say little of F, so it starts at 1.

The last ones no longer run side by side, and the time is that of the slowest: the range reaches up
further by the longest child seen, and at least 1 + F of a child's usual length (slots/rate, by
Little's law).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, sqrt

WINDOW_S = 0.25
WINDOWS_MAX = 40  # then two become one
WINDOWS_ENOUGH = 8
ENDED_MIN = 3  # fewer say nothing
Z90 = 1.645
PRIOR_WINDOWS = 4.0
ERROR_MIN = 0.03  # nothing is known better than that


@dataclass(slots=True)
class Pace:
    """`observe` is told what is known at a time; only what ends while we look is counted.

    `slots`: the most that were seen side by side. `longest_s`: the longest a child was seen to
    take, for who looks at some of them.
    """

    window_s: float = WINDOW_S
    slots: int = 0
    longest_s: float = 0.0
    _counts: list[float] = field(default_factory=list)
    _begun: float | None = None
    _seen: tuple[float, int] | None = None

    def observe(self, now: float, ended: int, running: int) -> None:
        """`now` in seconds of any clock; it and `ended` never go back."""
        self.slots = max(self.slots, running)
        if self._seen is None or (not self._idle_no_more(ended, running)):
            self._seen, self._begun = (now, ended), now
            return
        before, had = self._seen
        if now <= before:
            return
        self._seen = (now, ended)
        assert self._begun is not None
        self._spread(before - self._begun, now - self._begun, ended - had)

    def _idle_no_more(self, ended: int, running: int) -> bool:
        """Time before anything runs says nothing of how fast it goes."""
        assert self._seen is not None
        return bool(self._counts) or running > 0 or ended > self._seen[1]

    def _spread(self, start: float, end: float, count: int) -> None:
        """That many ended between two looks: each window in between gets its share."""
        while end > self.window_s * WINDOWS_MAX:
            pairs = self._counts + [0.0] * (len(self._counts) % 2)
            self._counts = [a + b for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
            self.window_s *= 2
        last = int(end / self.window_s)
        self._counts += [0.0] * (last + 1 - len(self._counts))
        for n in range(int(start / self.window_s), last + 1):
            low, high = max(start, n * self.window_s), min(end, (n + 1) * self.window_s)
            self._counts[n] += count * max(0.0, high - low) / (end - start)

    @property
    def ended(self) -> float:
        return sum(self._counts)

    @property
    def rate(self) -> float:
        """Ends per second; 0 when not known."""
        if self._seen is None or self._begun is None or self._seen[0] <= self._begun:
            return 0.0
        return self.ended / (self._seen[0] - self._begun)

    @property
    def dispersion(self) -> float:
        """Over the longest windows of which there are enough: short ones are like chance."""
        whole = self._counts[:-1]
        while len(whole) >= 2 * WINDOWS_ENOUGH:
            whole = [a + b for a, b in zip(whole[::2], whole[1::2], strict=False)]
        mean = sum(whole) / len(whole) if whole else 0.0
        if len(whole) < 2 or not mean:
            return 1.0
        variance = sum((n - mean) ** 2 for n in whole) / (len(whole) - 1)
        weight = len(whole) - 1
        return (weight * variance / mean + PRIOR_WINDOWS) / (weight + PRIOR_WINDOWS)

    def left_s(self, left: int) -> tuple[float, float] | None:
        """(at best, at worst) seconds until that many more have ended; None: not known yet."""
        if left <= 0:
            return 0.0, 0.0
        if self.ended < ENDED_MIN - 0.5 or not self.rate:
            return None
        middle = left / self.rate
        error = sqrt(self.dispersion * (1 / self.ended + 1 / left) + ERROR_MIN**2)
        low, high = middle * exp(-Z90 * error), middle * exp(Z90 * error)
        last = max(self.longest_s, (1 + self.dispersion) * self.slots / self.rate)
        return low, high + last


def range_text(found: tuple[float, float] | None) -> str:
    """`40–55 s`, `3–5 min`, `1.5–2 h`: in the unit of the larger, rounded outwards."""
    if found is None:
        return "not known yet"
    low, high = found
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if high >= 2 * seconds or unit == "s":
            return _between(low / seconds, high / seconds, unit)
    raise AssertionError


def _between(low: float, high: float, unit: str) -> str:
    step = 1.0 if high >= 10 or unit == "s" else 0.5
    first, last = int(low / step) * step, -int(-high // step) * step
    if first == 0:
        return f"under {max(last, step):g} {unit}"
    return f"{first:g} {unit}" if first == last else f"{first:g}–{last:g} {unit}"
