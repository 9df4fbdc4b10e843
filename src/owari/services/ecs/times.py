"""Moments as text, in events and in the task's metadata."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """`2030-01-01T00:00:00.000Z`"""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
