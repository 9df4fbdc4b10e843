from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.schedules import Rate, ScheduleError, next_after, parse_schedule


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def upcoming(expression: str, now: str, most: int, zone: str = "UTC") -> list[str]:
    found, moment = [], at(now)
    schedule = parse_schedule(expression)
    while len(found) < most:
        due = next_after(schedule, moment, ZoneInfo(zone))
        if due is None:
            break
        found.append(datetime.fromtimestamp(due, UTC).isoformat(" ", "minutes")[:16])
        moment = due
    return found


@pytest.mark.parametrize(
    ("expression", "now", "due"),
    [
        ("cron(0 10 * * ? *)", "2030-01-01 10:00", ["2030-01-02 10:00", "2030-01-03 10:00"]),
        ("cron(15 12 * * ? *)", "2030-01-01 12:14:59", ["2030-01-01 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", "2030-01-04 18:00", ["2030-01-07 18:00"]),
        ("cron(0 8 1 * ? *)", "2030-01-01 09:00", ["2030-02-01 08:00", "2030-03-01 08:00"]),
        ("cron(0/15 * * * ? *)", "2030-01-01 00:50", ["2030-01-01 01:00", "2030-01-01 01:15"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2030-01-01 17:54", ["2030-01-01 17:55"]),
        ("cron(0 9 ? * 2#1 *)", "2030-01-07 09:00", ["2030-02-04 09:00"]),
        ("cron(0 9 ? * 6L *)", "2030-01-01 00:00", ["2030-01-25 09:00", "2030-02-22 09:00"]),
        ("cron(0 9 ? * FRI#5 *)", "2030-01-01 00:00", ["2030-03-29 09:00"]),
        ("cron(0 0 L * ? *)", "2030-01-31 00:00", ["2030-02-28 00:00", "2030-03-31 00:00"]),
        ("cron(0 0 LW * ? *)", "2030-03-01 00:00", ["2030-03-29 00:00"]),
        ("cron(0 0 1W * ? *)", "2030-05-31 00:00", ["2030-06-03 00:00"]),
        ("cron(0 0 15W * ? *)", "2030-06-01 00:00", ["2030-06-14 00:00"]),
        ("cron(0 0 29 2 ? *)", "2030-01-01 00:00", ["2032-02-29 00:00", "2036-02-29 00:00"]),
        ("cron(0 0 ? * FRI-MON *)", "2030-01-01 00:00", ["2030-01-04 00:00", "2030-01-05 00:00"]),
        ("cron(30 0 1 jan,Jul ? 2031-2033/2)", "2030-01-01 00:00", ["2031-01-01 00:30"]),
        ("cron(0 0 1 1 ? 1999)", "2030-01-01 00:00", []),
        ("cron(0 0 31 2 ? *)", "2030-01-01 00:00", []),
        ("at(2030-05-01T09:30:00)", "2030-01-01 00:00", ["2030-05-01 09:30"]),
        ("at(2029-05-01T09:30:00)", "2030-01-01 00:00", []),
    ],
)
def test_when_it_is_due(expression: str, now: str, due: list[str]) -> None:
    assert upcoming(expression, now, len(due) or 1) == due


def test_a_time_that_does_not_exist_is_skipped() -> None:
    due = upcoming("cron(30 2 * * ? *)", "2030-03-09 00:00", 2, "America/New_York")
    assert due == ["2030-03-09 07:30", "2030-03-11 06:30"]


def test_an_hour_that_comes_twice_counts_once() -> None:
    due = upcoming("cron(30 1 * * ? *)", "2030-11-03 00:00", 2, "America/New_York")
    assert due == ["2030-11-03 05:30", "2030-11-04 06:30"]
    hourly = upcoming("cron(0 * * * ? *)", "2030-11-03 04:30", 2, "America/New_York")
    assert hourly == ["2030-11-03 05:00", "2030-11-03 07:00"]


def test_a_time_zone_is_where_the_clock_is_read() -> None:
    assert upcoming("cron(0 9 * * ? *)", "2030-01-01 00:30", 1, "Asia/Tokyo") == [
        "2030-01-02 00:00"
    ]
    assert upcoming("at(2030-07-01T12:00:00)", "2030-01-01 00:00", 1, "Europe/Berlin") == [
        "2030-07-01 10:00"
    ]


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "",
            "cron()",
            "rate()",
            "rate(5)",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(2 minute)",
        ),
        "rate(2 minute)",
        *("rate(5 seconds)", "rate(-1 minute)", "rate(5  minutes)", "every day", "at(2030-01-01)"),
        *("at(2030-13-01T00:00:00)", "cron(* * * * *)", "cron(* * * * * *)", "cron(* * ? * ? *)"),
        *("cron(60 * * * ? *)", "cron(* 24 * * ? *)", "cron(* * 32 * ? *)", "cron(* * * 13 ? *)"),
        *(
            "cron(* * ? * 8 *)",
            "cron(* * ? * MON#6 *)",
            "cron(* * * * ? 1969)",
            "cron(*/0 * * * ? *)",
        ),
        *("cron(5,,6 * * * ? *)", "cron(1-  * * * ? *)", "cron(0 10 * * ? *", "cron(a * * * ? *)"),
        *("cron(² * * * ? *)", "cron(0 0 W * ? *)", "cron(0 0 ? * L1 *)"),
        "rate(99999999999 days)",
    ],
)
def test_what_is_no_schedule(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(expression)


@given(st.integers(1, 100), st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_rate_keeps_its_beat(minutes: int, since: float, passed: float) -> None:
    due = next_after(Rate(minutes * 60), since + passed, since=since)
    assert due is not None and due > since + passed
    beats = (due - since) / (minutes * 60)
    assert abs(beats - round(beats)) < 1e-4 and round(beats) >= 1
    assert due - (since + passed) <= minutes * 60 + 1e-3


@given(
    st.sampled_from(["cron(0/7 3,5 ? * TUE#2 *)", "cron(59 23 L * ? *)", "cron(* * * * ? *)"]),
    st.integers(0, 4_000_000_000),
    st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe"]),
)
def test_what_is_due_lies_ahead(expression: str, now: int, zone: str) -> None:
    due = next_after(parse_schedule(expression), now, ZoneInfo(zone))
    assert due is not None and due > now
