"""Rotation rules: what they may say, and the window of the next rotation. Pure.

Source: Secrets Manager API reference, "RotationRulesType"; user guide, "Rotation schedules". Times
are UTC, epoch seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from owari.schedules.cron import Cron
from owari.schedules.errors import BadSchedule
from owari.schedules.expression import Expression, Rate, parse
from owari.schedules.next import next_after
from owari.services.secretsmanager.faults import invalid

HOUR_S, DAY_S = 3_600, 86_400
SOONEST_HOURS = 4


def check_rules(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Raises InvalidParameterException."""
    text, days = rules.get("ScheduleExpression"), rules.get("AutomaticallyAfterDays")
    if text is not None and days is not None:
        raise invalid(
            "You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules."
        )
    if text is None and days is None:
        raise invalid("RotationRules need AutomaticallyAfterDays or a ScheduleExpression.")
    hours = _between(rules)
    duration = _duration(rules)
    if duration is not None and not 1 <= duration <= min(hours, 24):
        raise invalid(
            f"The Duration {rules['Duration']} is not valid: the window must not extend into the"
            " next rotation window or the next UTC day."
        )
    return dict(rules)


def next_window(rules: Mapping[str, Any], after: float) -> tuple[float, float] | None:
    """The beginning and the length of the first that begins later than `after`, when the last
    rotation was; None where there is none any more."""
    hours = _duration(rules)
    if "AutomaticallyAfterDays" in rules:
        start = _day_of(after + rules["AutomaticallyAfterDays"] * DAY_S)
        return start, (hours or 24) * HOUR_S
    expression = _expression(rules["ScheduleExpression"])
    if isinstance(expression, Rate):
        start = after + expression.seconds
        if expression.seconds % DAY_S == 0:
            return _day_of(start), (hours or 24) * HOUR_S
        return start - start % HOUR_S, (hours or 1) * HOUR_S
    found = next_after(expression, after, start=after)
    if found is None:
        return None
    if hours is None and isinstance(expression, Cron) and len(expression.hours) > 1:
        hours = 1
    return found, hours * HOUR_S if hours else _day_of(found) + DAY_S - found


def _day_of(at: float) -> float:
    return at - at % DAY_S


def _duration(rules: Mapping[str, Any]) -> int | None:
    text = rules.get("Duration")
    return int(text[:-1]) if text else None


def _expression(text: str) -> Expression:
    """Raises InvalidParameterException."""
    try:
        found = parse(text, grammatical=False)
    except BadSchedule:
        found = None
    if not isinstance(found, Rate | Cron):
        raise invalid(f"The ScheduleExpression {text} is not valid: use cron() or rate().")
    return found


def _between(rules: Mapping[str, Any]) -> float:
    """The hours between two rotations, at least."""
    if "ScheduleExpression" not in rules:
        return float(rules["AutomaticallyAfterDays"] * 24)
    text = rules["ScheduleExpression"]
    expression = _expression(text)
    if isinstance(expression, Rate):
        hours, on_the_hour = expression.seconds / HOUR_S, expression.seconds % HOUR_S == 0
    else:
        assert isinstance(expression, Cron)
        times = expression.hours
        gaps = zip(times, (*times[1:], times[0] + 24), strict=True)
        hours, on_the_hour = min(b - a for a, b in gaps), expression.minutes == (0,)
    if hours < SOONEST_HOURS or not on_the_hour:
        raise invalid(
            f"The ScheduleExpression {text} is not valid: a secret can be rotated on the hour, and"
            f" as often as every {SOONEST_HOURS} hours."
        )
    return math.floor(hours)
