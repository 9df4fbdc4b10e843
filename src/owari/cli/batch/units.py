"""Sizes and times as a user writes them. Pure; each raises argparse.ArgumentTypeError."""

from __future__ import annotations

import argparse
import re

MEMORY_DEFAULT_MIB = 1024
TIMEOUT_MIN_S = 60  # Batch API reference, JobTimeout
RETRIES_MAX = 9  # 10 attempts: Batch API reference, RetryStrategy

_MEMORY = re.compile(r"(\d{1,9})\s*(m|mb|mib|g|gb|gib)?", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,9})\s*([smhd])?", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def mebibytes(text: str) -> int:
    """`512`, `512M` or `2G`, in MiB."""
    found = _MEMORY.fullmatch(text)
    size = int(found[1]) * (1024 if (found[2] or "m")[0] in "gG" else 1) if found else 0
    if size < 4:
        raise argparse.ArgumentTypeError(f"{text!r} is no memory size such as 512M or 2G")
    return size


def timeout(text: str) -> int:
    """`90`, `90s`, `10m` or `2h`, in seconds."""
    found = _TIME.fullmatch(text)
    seconds = int(found[1]) * _SECONDS[(found[2] or "s").lower()] if found else 0
    if seconds < TIMEOUT_MIN_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no time of at least {TIMEOUT_MIN_S} seconds")
    return seconds


def retries(text: str) -> int:
    if not text.isdecimal() or int(text) > RETRIES_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and {RETRIES_MAX}")
    return int(text)


def positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 up")
    return int(text)


def variable(text: str) -> tuple[str, str | None]:
    """NAME=VALUE; NAME alone (None): as it is here."""
    name, equals, value = text.partition("=")
    if not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not like NAME=VALUE")
    return name, value if equals else None
