"""Schedule expressions: `cron(…)`, `rate(…)` and `at(…)`, and when each is due next. Pure.

A cron expression is read on the wall clock of its time zone. EventBridge Scheduler's rules for
daylight saving: a wall time that does not exist is skipped, one that comes twice counts once.
Sources: EventBridge user guide, "Cron expressions reference", "Rate expressions reference";
Scheduler user guide, "Schedule types", "Daylight savings time".
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import floor

YEAR_MIN, YEAR_MAX = 1970, 2199
_UNITS_S = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = {name.upper(): n for n, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: n for n, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_RATE = re.compile(r"rate\((\d{1,9}) (minute|hour|day)(s?)\)")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")


class ScheduleError(ValueError):
    """Not a schedule expression; each service has its own words for it."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Every `period_s` seconds from when it was made."""

    period_s: int


@dataclass(frozen=True, slots=True)
class At:
    """Once; `moment` is a wall time without a zone."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class DayRule:
    """A day that depends on the month: `kind` is `last` (of the month), `last weekday` (LW),
    `nearest` (15W), `last of` (6L) or `nth` (6#3); `day` of month or week (1 is Sunday)."""

    kind: str
    day: int = 0
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Cron:
    """What each field allows. `month_days` or `week_days` is None where the field is `?`."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    month_days: frozenset[int] | DayRule | None
    months: frozenset[int]
    week_days: frozenset[int] | DayRule | None
    years: frozenset[int]


Schedule = Rate | At | Cron


def parse_schedule(expression: str) -> Schedule:
    """Raises ScheduleError."""
    if match := _RATE.fullmatch(expression):
        return _rate(int(match[1]), match[2], bool(match[3]))
    if match := _AT.fullmatch(expression):
        try:
            return At(datetime.fromisoformat(match[1]))
        except ValueError:
            raise ScheduleError(expression) from None
    if expression.startswith("cron(") and expression.endswith(")"):
        return _cron(expression[5:-1].split())
    raise ScheduleError(expression)


def next_after(
    schedule: Schedule, now: float, zone: tzinfo = UTC, *, since: float = 0.0
) -> float | None:
    """The first time later than `now` (epoch seconds); None when there is none any more.

    `since` is when a rate began to count: it is due first one period after that.
    """
    match schedule:
        case Rate(period_s):
            return since + period_s * max(1, floor((now - since) / period_s) + 1)
        case At(moment):
            due = moment.replace(tzinfo=zone).timestamp()
            return due if due > now else None
        case Cron():
            return _next_cron(schedule, now, zone)


def _rate(value: int, unit: str, plural: bool) -> Rate:
    if value < 1 or plural != (value != 1):
        raise ScheduleError("the unit is singular for one, else plural")
    return Rate(value * _UNITS_S[unit])


# ---- cron: reading
def _cron(fields: list[str]) -> Cron:
    if len(fields) != 6:
        raise ScheduleError("a cron expression has six fields")
    minutes, hours, month_days, months, week_days, years = (f.upper() for f in fields)
    if (month_days == "?") == (week_days == "?"):
        raise ScheduleError("one of day-of-month and day-of-week must be ?")
    return Cron(
        minutes=tuple(sorted(_values(minutes, 0, 59))),
        hours=tuple(sorted(_values(hours, 0, 23))),
        month_days=None if month_days == "?" else _month_days(month_days),
        months=_values(months, 1, 12, _MONTHS),
        week_days=None if week_days == "?" else _week_days(week_days),
        years=_values(years, YEAR_MIN, YEAR_MAX),
    )


def _month_days(text: str) -> frozenset[int] | DayRule:
    if text == "L":
        return DayRule("last")
    if text == "LW":
        return DayRule("last weekday")
    if text.endswith("W"):
        return DayRule("nearest", _number(text[:-1], 1, 31))
    return _values(text, 1, 31)


def _week_days(text: str) -> frozenset[int] | DayRule:
    if text == "L":
        return frozenset((7,))
    if text.endswith("L"):
        return DayRule("last of", _number(text[:-1], 1, 7, _DAYS))
    if "#" in text:
        day, _, nth = text.partition("#")
        return DayRule("nth", _number(day, 1, 7, _DAYS), _number(nth, 1, 5))
    return _values(text, 1, 7, _DAYS)


def _values(text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """Of a list of numbers, ranges and steps, e.g. `1,5-10,20/15`."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if span == "*":
            first, last = low, high
        elif "-" in span:
            first, last = (_number(end, low, high, names) for end in span.split("-", 1))
        else:
            first = _number(span, low, high, names)
            last = high if slash else first
        stride = _number(step, 1, high) if slash else 1
        if last < first:  # a range may go round, e.g. FRI-MON
            last += high - low + 1
        found.update((n - low) % (high - low + 1) + low for n in range(first, last + 1, stride))
    return frozenset(found)


def _number(text: str, low: int, high: int, names: dict[str, int] | None = None) -> int:
    if names and text in names:
        return names[text]
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and low <= int(text) <= high):
        raise ScheduleError(f"{text!r} is not within {low} to {high}")
    return int(text)


# ---- cron: looking ahead
def _next_cron(cron: Cron, now: float, zone: tzinfo) -> float | None:
    start = datetime.fromtimestamp(now, zone).replace(tzinfo=None)
    # The hour that comes twice counts the first time: wall times begin anew a little earlier.
    for moment in _moments(cron, start - timedelta(hours=3)):
        due = _instant(moment, zone)
        if due is not None and due > now:
            return due
    return None


def _instant(moment: datetime, zone: tzinfo) -> float | None:
    """None for a wall time that the clock jumps over."""
    due = moment.replace(tzinfo=zone).timestamp()
    return due if datetime.fromtimestamp(due, zone).replace(tzinfo=None) == moment else None


def _moments(cron: Cron, start: datetime) -> Iterator[datetime]:
    """The wall times from `start` on."""
    for day in _days(cron, start):
        floor_time = start if day.date() == start.date() else day
        for hour in cron.hours:
            for minute in cron.minutes:
                moment = day.replace(hour=hour, minute=minute)
                if moment >= floor_time:
                    yield moment


def _days(cron: Cron, start: datetime) -> Iterator[datetime]:
    for year in sorted(y for y in cron.years if y >= start.year):
        for month in sorted(cron.months):
            if (year, month) < (start.year, start.month):
                continue
            for day in _days_of(cron, year, month):
                if (year, month, day) >= (start.year, start.month, start.day):
                    yield datetime(year, month, day)


def _days_of(cron: Cron, year: int, month: int) -> list[int]:
    length = calendar.monthrange(year, month)[1]
    rule = cron.week_days if cron.month_days is None else cron.month_days
    if isinstance(rule, DayRule):
        return _ruled_day(rule, year, month, length)
    assert rule is not None, "one of the two day fields has a value"
    if cron.month_days is not None:
        return sorted(d for d in rule if d <= length)
    return [d for d in range(1, length + 1) if _week_day(year, month, d) in rule]


def _ruled_day(rule: DayRule, year: int, month: int, length: int) -> list[int]:
    match rule.kind:
        case "last":
            return [length]
        case "last weekday":
            return [_nearest_weekday(year, month, length, length)]
        case "nearest":
            return [_nearest_weekday(year, month, rule.day, length)] if rule.day <= length else []
    same = [d for d in range(1, length + 1) if _week_day(year, month, d) == rule.day]
    return same[-1:] if rule.kind == "last of" else same[rule.nth - 1 : rule.nth]


def _week_day(year: int, month: int, day: int) -> int:
    """1 is Sunday."""
    return (calendar.weekday(year, month, day) + 1) % 7 + 1


def _nearest_weekday(year: int, month: int, day: int, length: int) -> int:
    """Monday to Friday, without leaving the month."""
    match _week_day(year, month, day):
        case 7:
            return day - 1 if day > 1 else day + 2
        case 1:
            return day + 1 if day < length else day - 2
        case _:
            return day
