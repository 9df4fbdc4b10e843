"""Schedule expressions: from their text to what can be asked for its next time. Pure.

Sources: EventBridge Scheduler user guide, "Schedule types"; EventBridge user guide, "Setting a
schedule pattern for scheduled rules".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from owari.schedules.cron import Cron, parse_cron
from owari.schedules.errors import BadSchedule

_UNITS = {"minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"rate\(\s*(\d{1,9})\s+([a-z]+)\s*\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


@dataclass(frozen=True, slots=True)
class Rate:
    """Every `seconds`, counted from a start."""

    seconds: int


@dataclass(frozen=True, slots=True)
class At:
    """Once. `moment` is a wall clock's, in the schedule's time zone."""

    moment: datetime


Expression = Cron | Rate | At


def parse(text: str, *, grammatical: bool = True) -> Expression:
    """Raises BadSchedule. Scheduler, unlike rules, takes `rate(1 hours)` (not `grammatical`)."""
    if found := _RATE.fullmatch(text):
        return _rate(int(found[1]), found[2], grammatical)
    if found := _AT.fullmatch(text):
        try:
            return At(datetime.fromisoformat(found[1]))
        except ValueError:
            raise BadSchedule from None
    if text.startswith("cron(") and text.endswith(")"):
        return parse_cron(text[5:-1])
    raise BadSchedule


def _rate(number: int, unit: str, grammatical: bool) -> Rate:
    """Of a rule, one of a unit is singular, more are plural, and nothing else."""
    stem = unit.removesuffix("s")
    if number < 1 or stem not in _UNITS:
        raise BadSchedule
    if grammatical and (unit != stem) != (number > 1):
        raise BadSchedule
    return Rate(number * _UNITS[stem])
