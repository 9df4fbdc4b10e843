"""When schedules are due: the examples of AWS's guides, the calendar's corners, and bad ones."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.schedules.errors import BadSchedule, UnknownZone
from owari.schedules.expression import Rate, parse
from owari.schedules.next import next_after


def due(expression: str, after: str, zone: str = "UTC", most: int = 3) -> list[str]:
    place = ZoneInfo(zone)
    moment: float | None = datetime.fromisoformat(after).replace(tzinfo=place).timestamp()
    parsed, start, found = parse(expression), moment, []
    assert start is not None
    for _ in range(most):
        assert moment is not None
        moment = next_after(parsed, moment, start=start, zone=zone)
        if moment is None:
            return [*found, "never"]
        found.append(datetime.fromtimestamp(moment, place).isoformat()[:16])
    return found


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("cron(15 10 * * ? *)", "2026-11-29T10:15", ["2026-11-30T10:15", "2026-12-01T10:15"]),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-27T17:00", ["2026-11-27T18:00", "2026-11-30T18:00"]),
        ("cron(0/10 * ? * MON-FRI *)", "2026-11-27T23:45", ["2026-11-27T23:50", "2026-11-30T00:00"]),  # noqa: E501
        ("cron(0 0 L * ? *)", "2027-01-31T12:00", ["2027-02-28T00:00", "2027-03-31T00:00"]),
        ("cron(0 0 L-2 * ? *)", "2028-02-01T00:00", ["2028-02-27T00:00", "2028-03-29T00:00"]),
        ("cron(0 9 15W * ? *)", "2026-08-01T00:00", ["2026-08-14T09:00", "2026-09-15T09:00"]),
        ("cron(0 9 1W * ? *)", "2026-08-01T00:00", ["2026-08-03T09:00", "2026-09-01T09:00"]),
        ("cron(0 9 31W * ? *)", "2027-01-30T00:00", ["2027-03-31T09:00", "2027-05-31T09:00"]),
        ("cron(0 9 LW * ? *)", "2027-01-30T00:00", ["2027-02-26T09:00", "2027-03-31T09:00"]),
        ("cron(0 0 ? * 2#1 *)", "2026-11-29T00:00", ["2026-12-07T00:00", "2027-01-04T00:00"]),
        ("cron(0 0 ? * FRI#5 *)", "2026-11-29T00:00", ["2027-01-29T00:00", "2027-04-30T00:00"]),
        ("cron(0 8 ? * 6L 2026)", "2026-11-29T00:00", ["2026-12-25T08:00", "never"]),
        ("cron(0 0 1,15 JAN,jul ? *)", "2026-11-29T00:00", ["2027-01-01T00:00", "2027-01-15T00:00"]),  # noqa: E501
        ("cron(0 22-1 * * ? *)", "2026-11-29T23:30", ["2026-11-30T00:00", "2026-11-30T01:00"]),
        ("cron(0 0 29 2 ? *)", "2026-11-29T00:00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 0 30 2 ? *)", "2026-11-29T00:00", ["never"]),
        ("cron(0 0 1 1 ? 2020)", "2026-11-29T00:00", ["never"]),
        ("rate(1 minute)", "2026-11-29T00:00", ["2026-11-29T00:01", "2026-11-29T00:02"]),
        ("rate(7 days)", "2026-11-29T00:00", ["2026-12-06T00:00", "2026-12-13T00:00"]),
        ("at(2026-12-24T18:00:00)", "2026-11-29T00:00", ["2026-12-24T18:00", "never"]),
        ("at(2026-11-29T00:00:00)", "2026-11-29T00:00", ["never"]),
    ],
)  # fmt: skip
def test_due(expression: str, after: str, expected: list[str]) -> None:
    assert due(expression, after, most=2) == expected


def test_a_time_that_clocks_skip_is_passed_over() -> None:
    found = due("cron(30 2 * * ? *)", "2027-03-13T00:00", "America/New_York")
    assert found == ["2027-03-13T02:30", "2027-03-15T02:30", "2027-03-16T02:30"]


def test_a_time_that_comes_twice_counts_once() -> None:
    found = due("cron(30 1 * * ? *)", "2026-10-31T12:00", "America/New_York", most=2)
    assert found == ["2026-11-01T01:30", "2026-11-02T01:30"]


def test_a_rate_may_begin_later() -> None:
    assert next_after(parse("rate(1 hour)"), 10.0, start=1000.0) == 1000.0


@pytest.mark.parametrize(
    "text",
    [
        "", "cron()", "cron(* * * *)", "cron(0 0 * * * *)", "cron(0 0 ? * ? *)",
        "cron(60 * * * ? *)",
        "cron(0 24 * * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 0 * ? *)", "cron(0 0 * 13 ? *)",
        "cron(0 0 ? * 8 *)", "cron(0 0 ? * MON#6 *)", "cron(0 0 * * ? 1969)",
        "cron(0/0 * * * ? *)",
        "cron(a * * * ? *)", "cron(-1 * * * ? *)", "cron(1, * * * ? *)", "rate(0 minutes)",
        "rate(1 minutes)", "rate(5 minute)", "rate(5 weeks)", "rate(-5 minutes)", "rate(1.5 hours)",
        "at(2026-02-30T00:00:00)", "at(2026-12-24)", "at(2026-12-24T18:00:00Z)", "every day",
        "cron(0 10 * * ? *) ", "cron(٣ 10 * * ? *)",
    ],
)  # fmt: skip
def test_no_schedule(text: str) -> None:
    with pytest.raises(BadSchedule):
        parse(text)


@pytest.mark.parametrize("text", ["rate(1 hours)", "rate(1 hour)"])
def test_scheduler_does_not_mind_the_plural(text: str) -> None:
    assert parse(text, grammatical=False) == Rate(3600)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "UTC\0"])
def test_no_zone(zone: str) -> None:
    with pytest.raises(UnknownZone):
        next_after(parse("cron(0 0 * * ? *)"), 0.0, start=0.0, zone=zone)


FIELD = st.sampled_from(["*", "0", "5", "1-4", "0/7", "2,3", "*/5"])


@given(
    minutes=FIELD, hours=FIELD, day=st.sampled_from(["*", "1", "31", "L", "15W", "1-7", "10/5"]),
    after=st.floats(1.7e9, 2.5e9), zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
)  # fmt: skip
def test_times_only_grow_and_fit(
    minutes: str, hours: str, day: str, after: float, zone: str
) -> None:
    cron = parse(f"cron({minutes} {hours} {day} * ? *)")
    found = [after]
    for _ in range(5):
        following = next_after(cron, found[-1], start=0.0, zone=zone)
        assert following is not None
        found.append(following)
    assert all(a < b for a, b in pairwise(found))
    for at in found[1:]:
        assert datetime.fromtimestamp(at, ZoneInfo(zone)).second == 0
