"""When a schedule is due next, in a time zone. Pure; times are epoch seconds.

Where clocks are put forward a time that does not exist is passed over; where they are put back a
time that comes twice counts once (Scheduler user guide, "Daylight savings time"). A rate counts
seconds and knows no zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from math import floor
from zoneinfo import ZoneInfo

from owari.schedules.cron import YEARS, Cron
from owari.schedules.errors import UnknownZone
from owari.schedules.expression import At, Expression, Rate


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UnknownZone(name) from None


def next_after(
    expression: Expression, after: float, *, start: float, zone: str = "UTC"
) -> float | None:
    """The first time later than `after`; None when there is none. A rate counts from `start`."""
    match expression:
        case Rate(seconds):
            return start + max(floor((after - start) / seconds) + 1, 0) * seconds
        case At(moment):
            at = moment.replace(tzinfo=zone_of(zone)).timestamp()
            return at if at > after else None
        case Cron():
            return next(cron_times(expression, after, zone), None)


def cron_times(cron: Cron, after: float, zone: str) -> Iterator[float]:
    """All times later than `after`, in order."""
    return (at for at in _times(cron, after, zone_of(zone)) if at > after)


def _times(cron: Cron, after: float, zone: ZoneInfo) -> Iterator[float]:
    """From the hour of `after` on, in order."""
    first = datetime.fromtimestamp(after, zone)
    today = (first.year, first.month, first.day)
    year, month = first.year, first.month
    while year <= YEARS[1]:
        for day in cron.days_of(year, month):
            if (year, month, day) >= today:
                hour = first.hour if (year, month, day) == today else 0
                yield from _on_day(cron, year, month, day, hour, zone)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _on_day(
    cron: Cron, year: int, month: int, day: int, first_hour: int, zone: ZoneInfo
) -> Iterator[float]:
    for hour in cron.hours:
        for minute in cron.minutes if hour >= first_hour else ():
            local = datetime(year, month, day, hour, minute, tzinfo=zone)
            at = local.timestamp()
            if datetime.fromtimestamp(at, UTC).astimezone(zone).replace(tzinfo=zone) == local:
                yield at
