"""What is wrong with a schedule. Services put it in their own words."""

from __future__ import annotations


class BadSchedule(ValueError):
    """It is no schedule expression."""


class UnknownZone(ValueError):
    """It is no time zone."""
