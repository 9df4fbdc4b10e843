"""The range for the time left: what it says is mostly true, for all sorts of children."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import pytest

from owari.cli.batch.pace import Pace, range_text

Length = Callable[[random.Random], float]


Times = list[tuple[float, float]]


def ends(count: int, slots: int, length: Length, chance: random.Random) -> Times:
    """When each child starts and ends, `slots` side by side."""
    free = [0.0] * slots
    heapq.heapify(free)
    found = []
    for _ in range(count):
        start = heapq.heappop(free)
        found.append((start, start + length(chance)))
        heapq.heappush(free, found[-1][1])
    return found


def forecast(times: Times, slots: int, at: float) -> tuple[Pace, float, int]:
    """The pace as one sees it who looks five times a second until that share has ended."""
    pace = Pace()
    now, ended = 0.0, 0
    while ended < at * len(times):
        ended = sum(1 for _, end in times if end <= now)
        pace.observe(now, ended, min(slots, len(times) - ended))
        now += 0.2
    now -= 0.2
    pace.longest_s = max(min(end, now) - start for start, end in times if start <= now)
    return pace, now, len(times) - ended


LENGTHS: dict[str, Length] = {
    "clockwork": lambda chance: 2.0,
    "even": lambda chance: chance.uniform(1.0, 3.0),
    "random": lambda chance: chance.expovariate(0.5),
    "some long": lambda chance: chance.lognormvariate(0.0, 1.0),
}


@pytest.mark.parametrize("kind", sorted(LENGTHS))
@pytest.mark.parametrize("at", [0.15, 0.5, 0.8])
def test_the_truth_is_mostly_within_the_range(kind: str, at: float) -> None:
    """It claims nine times in ten; early on the longest children have not been seen to end."""
    least = 26 if (kind, at) == ("some long", 0.15) else 34
    within = 0
    for seed in range(40):
        times = ends(240, 8, LENGTHS[kind], random.Random(seed))
        pace, now, left = forecast(times, 8, at)
        found = pace.left_s(left)
        assert found is not None
        within += found[0] <= max(end for _, end in times) - now <= found[1]
    assert within >= least, f"only {within} of 40"


def test_the_range_narrows() -> None:
    times = ends(2000, 8, LENGTHS["random"], random.Random(1))
    widths = []
    for at in (0.02, 0.1, 0.5):
        pace, _, left = forecast(times, 8, at)
        found = pace.left_s(left)
        assert found is not None
        widths.append(found[1] / found[0])
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 1.5


def test_nothing_is_said_before_some_ended_and_waiting_does_not_count() -> None:
    pace = Pace()
    for second in range(100):  # behind other jobs
        pace.observe(float(second), 0, 0)
    assert pace.left_s(10) is None
    for step in range(50):
        pace.observe(100.0 + step / 5, step // 5, 2)
    assert 0.8 < pace.rate < 1.2, "the wait is not in the rate"
    assert pace.left_s(0) == (0.0, 0.0)


def test_what_ended_before_one_looked_is_not_counted() -> None:
    pace = Pace()
    for second in range(11):
        pace.observe(float(second), 5000 + second, 4)
    assert 0.9 < pace.rate < 1.1


def test_a_single_long_child_may_take_its_whole_length_still() -> None:
    pace = Pace()
    for second in range(41):  # four at a time, ten seconds each
        pace.observe(float(second), second // 10 * 4, 4 if second < 40 else 1)
    found = pace.left_s(1)
    assert found is not None
    assert found[1] >= 10.0


def test_days_of_looking_fit_into_few_windows() -> None:
    pace = Pace()
    for minute in range(5000):
        pace.observe(minute * 60.0, minute * 2, 4)
    assert len(pace._counts) <= 41
    assert abs(pace.ended - 9998) < 0.01
    assert abs(pace.rate - 2 / 60) < 0.001


def test_ranges_are_rounded_outwards() -> None:
    assert range_text(None) == "not known yet"
    assert range_text((11.2, 13.7)) == "11–14 s"
    assert range_text((0.2, 0.8)) == "under 1 s"
    assert range_text((100, 290)) == "1.5–5 min"
    assert range_text((660, 760)) == "11–13 min"
    assert range_text((4000, 7300)) == "1–2.5 h"
