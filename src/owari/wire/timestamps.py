"""Times as AWS writes them, to and from epoch seconds.

Formats are Smithy's: `iso8601` (date-time), `rfc822` (http-date), `unixTimestamp`
(epoch-seconds). See the Smithy protocol traits page, "timestampFormat".
"""

from __future__ import annotations

import calendar
import math
import re
import time
from datetime import UTC, datetime, timedelta, timezone

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = {name: number for number, name in enumerate(_MONTHS, 1)}

# Years 1 to 9999, what every SDK's date type can hold.
EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.999

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9}|))?)?"
    r"(?:[Zz]|([+-])(\d\d):?(\d\d))?"
)
_HTTP = re.compile(
    r"(?:[A-Za-z]{3,9}, )?(\d\d?)[ -]([A-Za-z]{3})[ -](\d{4}) "
    r"(\d\d):(\d\d):(\d\d)(\.\d{1,9}|) (?:GMT|UTC|([+-])(\d\d)(\d\d))"
)


def _millis(seconds: float) -> tuple[int, int]:
    total = round(seconds * 1000)
    return total // 1000, total % 1000


def iso8601(seconds: float) -> str:
    """`2009-10-12T17:50:30Z`, with milliseconds where there are any."""
    whole, millis = _millis(seconds)
    t = time.gmtime(whole)
    fraction = f".{millis:03d}" if millis else ""
    return (
        f"{t.tm_year:04d}-{t.tm_mon:02d}-{t.tm_mday:02d}"
        f"T{t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}{fraction}Z"
    )


def iso8601_millis(seconds: float) -> str:
    """`2009-10-12T17:50:30.000Z`, as S3 writes it."""
    text = iso8601(seconds)
    return text if "." in text else text[:-1] + ".000Z"


def http_date(seconds: float) -> str:
    """`Mon, 12 Oct 2009 17:50:30 GMT`. Whole seconds only."""
    t = time.gmtime(math.floor(seconds))
    return (
        f"{_DAYS[t.tm_wday]}, {t.tm_mday:02d} {_MONTHS[t.tm_mon - 1]} {t.tm_year:04d} "
        f"{t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d} GMT"
    )


def epoch(seconds: float) -> int | float:
    """Epoch seconds with millisecond precision; an int where there is no fraction."""
    whole, millis = _millis(seconds)
    return whole + millis / 1000 if millis else whole


def _seconds(
    date: tuple[int, int, int],
    clock: tuple[int, int, int],
    fraction: str | None,
    zone: tuple[str | None, str | None, str | None],
) -> float:
    offset = UTC
    if zone[0]:
        minutes = int(zone[1] or 0) * 60 + int(zone[2] or 0)
        offset = timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))
    moment = datetime(*date, *clock, tzinfo=offset)  # ValueError when there is no such day
    whole = calendar.timegm(moment.utctimetuple())
    return whole + float(fraction) if fraction else float(whole)


def parse_iso8601(text: str) -> float:
    """ValueError when it is not one."""
    found = _ISO.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, *zone = found.groups()
    return _seconds(
        (int(year), int(month), int(day)),
        (int(hour or 0), int(minute or 0), int(second or 0)),
        fraction,
        (zone[0], zone[1], zone[2]),
    )


def parse_http_date(text: str) -> float:
    """ValueError when it is not one."""
    found = _HTTP.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    day, month, year, hour, minute, second, fraction, *zone = found.groups()
    if month.title() not in _MONTH:
        raise ValueError(text)
    return _seconds(
        (int(year), _MONTH[month.title()], int(day)),
        (int(hour), int(minute), int(second)),
        fraction,
        (zone[0], zone[1], zone[2]),
    )


def parse_epoch(value: str | int | float) -> float:
    """ValueError when it is not a finite number within years 1 to 9999."""
    seconds = float(value)
    if not EARLIEST <= seconds <= LATEST:
        raise ValueError(value)
    return seconds


def parse_any(text: str) -> float:
    """Whichever of the three formats `text` is in. ValueError when none."""
    for read in (parse_iso8601, parse_http_date, parse_epoch):
        try:
            return read(text)
        except (ValueError, OverflowError):
            continue
    raise ValueError(text)
