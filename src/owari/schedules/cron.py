"""`cron(minutes hours day-of-month month day-of-week year)`: which days and times of day it means.

Source: EventBridge user guide, "Cron expressions reference": one of day-of-month and day-of-week
must be `?`; `L`, `W` and `#` as in Quartz; days of the week count from 1, Sunday.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from owari.schedules.errors import BadSchedule

YEARS = (1970, 2199)
_MONTHS = {name.upper(): n for n, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: n for n, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}

Days = Callable[[int, int], set[int]]  # (year, month) → days of the month


@dataclass(frozen=True, slots=True)
class Cron:
    """`text` tells two apart; the rest is worked out from it."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    days: Days

    def days_of(self, year: int, month: int) -> list[int]:
        """The days of a month, in order."""
        if month not in self.months or year not in self.years:
            return []
        return sorted(self.days(year, month))


def parse_cron(text: str) -> Cron:
    """Raises BadSchedule."""
    fields = text.upper().split()
    if len(fields) != 6:
        raise BadSchedule
    minutes, hours, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise BadSchedule
    return Cron(
        text=text,
        minutes=tuple(sorted(_values(minutes, 0, 59))),
        hours=tuple(sorted(_values(hours, 0, 23))),
        months=frozenset(_values(month, 1, 12, _MONTHS)),
        years=frozenset(_values(year, *YEARS)),
        days=_days_of_week(weekday) if day == "?" else _days_of_month(day),
    )


def _values(field: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """`*`, numbers, names, ranges, steps, and lists of those."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, 1, high, {}) if slash else 1
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = _number(first, low, high, names or {})
            end = _number(last, low, high, names or {}) if dash else (high if slash else start)
        if end < start:  # FRI-MON, 22-2: over the end and on from the beginning
            found |= set(range(start, high + 1, step)) | set(range(low, end + 1, step))
        else:
            found |= set(range(start, end + 1, step))
    return found


def _number(text: str, low: int, high: int, names: dict[str, int]) -> int:
    value = names.get(text)
    if value is None:
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            raise BadSchedule
        value = int(text)
    if not low <= value <= high:
        raise BadSchedule
    return value


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _weekday(year: int, month: int, day: int) -> int:
    """1 is Sunday."""
    return date(year, month, day).isoweekday() % 7 + 1


def _days_of_month(field: str) -> Days:
    rules = [_day_of_month(part) for part in field.split(",")]
    return lambda year, month: set().union(*(rule(year, month) for rule in rules))


def _day_of_month(part: str) -> Days:
    if part == "L":
        return lambda year, month: {_length(year, month)}
    if part == "LW":
        return lambda year, month: {_nearest_weekday(year, month, _length(year, month))}
    if found := re.fullmatch(r"L-(\d{1,2})", part):
        before = _number(found[1], 1, 30, {})
        return lambda year, month: {d for d in (_length(year, month) - before,) if d > 0}
    if found := re.fullmatch(r"(\d{1,2})W", part):
        day = _number(found[1], 1, 31, {})
        return lambda year, month: (
            {_nearest_weekday(year, month, day)} if day <= _length(year, month) else set()
        )
    days = _values(part, 1, 31)
    return lambda year, month: {day for day in days if day <= _length(year, month)}


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """Monday to Friday, within the month."""
    match _weekday(year, month, day):
        case 7:
            return day - 1 if day > 1 else day + 2
        case 1:
            return day + 1 if day < _length(year, month) else day - 2
        case _:
            return day


def _days_of_week(field: str) -> Days:
    rules = [_day_of_week(part) for part in field.split(",")]
    return lambda year, month: set().union(*(rule(year, month) for rule in rules))


def _day_of_week(part: str) -> Days:
    if part == "L":
        return _on({7})
    if found := re.fullmatch(r"(\w{1,3})L", part):
        last = _number(found[1], 1, 7, _DAYS)
        return lambda year, month: {max(_on({last})(year, month))}
    if found := re.fullmatch(r"(\w{1,3})#([1-5])", part):
        weekday, nth = _number(found[1], 1, 7, _DAYS), int(found[2])
        return lambda year, month: set(sorted(_on({weekday})(year, month))[nth - 1 : nth])
    return _on(_values(part, 1, 7, _DAYS))


def _on(weekdays: set[int]) -> Days:
    def days(year: int, month: int) -> set[int]:
        every = range(1, _length(year, month) + 1)
        return {day for day in every if _weekday(year, month, day) in weekdays}

    return days
