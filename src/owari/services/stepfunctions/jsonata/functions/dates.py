"""Dates: ISO 8601 and XPath picture strings, both ways."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.functions.integers import format_whole, parse_whole
from owari.services.stepfunctions.jsonata.functions.library import LIBRARY
from owari.services.stepfunctions.jsonata.scope import Outside
from owari.services.stepfunctions.jsonata.values import NOTHING

function = LIBRARY.function
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MARKER = re.compile(r"\[\[|\]\]|\[([^\]]*)\]")
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?(Z|[-+]\d\d:?\d\d)?"
)
_DEFAULT_FORMS = {
    "Y": "1", "M": "1", "D": "1", "d": "1", "F": "n", "W": "1", "w": "1", "H": "1", "h": "1",
    "P": "n", "m": "01", "s": "01", "f": "1", "Z": "01:01", "z": "01:01", "X": "1", "x": "1",
    "C": "n", "E": "n",
}  # fmt: skip


@function("millis", "<:n>", outside=True)
def millis(outside: Outside) -> Any:
    return outside.now_ms


@function("now", "<s?s?:s>", outside=True)
def now(outside: Outside, picture: Any, zone: Any) -> Any:
    return from_millis(outside.now_ms, picture, zone)


@function("fromMillis", "<n-s?s?:s>")
def from_millis(value: Any, picture: Any, zone: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    offset = _offset(zone) if zone is not NOTHING else timedelta(0)
    moment = (EPOCH + timedelta(milliseconds=value)).astimezone(timezone(offset))
    if picture is NOTHING:
        text = moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{moment.microsecond // 1000:03d}"
        return text + (_zone(offset, "01:01") if offset else "Z")
    return _MARKER.sub(lambda found: _component(found, moment), picture)


@function("toMillis", "<s-s?:n>", outside=True)
def to_millis(outside: Outside, value: Any, picture: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    if picture is not NOTHING:
        return _parse_picture(value, picture, outside.now_ms)
    found = _ISO.fullmatch(value)
    if found is None:
        message = "The argument of the toMillis function must be an ISO 8601 formatted timestamp"
        raise JsonataError("D3110", f"{message}. Given {value!r}")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    milli = int((fraction or "0")[:3].ljust(3, "0"))
    return _millis(
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        milli,
        _offset(zone) if zone else timedelta(0),
    )


def _millis(
    year: int, month: int, day: int, hour: int, minute: int, second: int, milli: int,
    offset: timedelta,
) -> int:  # fmt: skip
    try:
        moment = datetime(year, month, day, hour, minute, second, milli * 1000, tzinfo=UTC)
    except ValueError as error:
        raise JsonataError("D3110", f"Not a time: {error}") from error
    return round((moment - EPOCH - offset) / timedelta(milliseconds=1))


def _offset(zone: str) -> timedelta:
    if zone == "Z":
        return timedelta(0)
    found = re.fullmatch(r"([-+])(\d\d):?(\d\d)", zone)
    if found is None:
        raise JsonataError("D3134", f"The timezone {zone!r} is not of the form ±HHMM")
    size = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -size if found[1] == "-" else size


def _zone(offset: timedelta, form: str) -> str:
    if form.endswith("t") and not offset:
        return "Z"
    minutes = round(offset / timedelta(minutes=1))
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    separator = ":" if ":" in form else ""
    wide = sum(c.isdecimal() for c in form) > 1
    shown = f"{hours:02d}" if wide else str(hours)
    return f"{sign}{shown}{separator}{rest:02d}" if wide or rest else f"{sign}{shown}"


def _split(marker: str) -> tuple[str, str, int, int]:
    """A marker's letter, form, least and greatest width (0: none)."""
    text = re.sub(r"\s", "", marker)
    letter, rest = text[:1], text[1:]
    if letter not in _DEFAULT_FORMS:
        raise JsonataError("D3132", f"Unknown component specifier {letter!r} in date/time picture")
    form, _, width = rest.partition(",")
    if len(form) > 1 and form.endswith("o"):
        form = f"{form[:-1]};o"
    least, _, most = width.partition("-")
    return (
        letter,
        form or _DEFAULT_FORMS[letter],
        _width(least),
        _width(most),
    )


def _width(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,3}", text) else 0


_NUMBERS: dict[str, Callable[[datetime], int]] = {
    "Y": lambda t: t.year,
    "X": lambda t: t.isocalendar().year,
    "M": lambda t: t.month,
    "x": lambda t: t.month,
    "D": lambda t: t.day,
    "d": lambda t: t.timetuple().tm_yday,
    "F": lambda t: t.isoweekday(),
    "W": lambda t: t.isocalendar().week,
    "w": lambda t: (t.day - 1 + t.replace(day=1).weekday()) // 7 + 1,
    "H": lambda t: t.hour,
    "h": lambda t: t.hour % 12 or 12,
    "m": lambda t: t.minute,
    "s": lambda t: t.second,
}


def _component(found: re.Match[str], moment: datetime) -> str:
    if found.group(1) is None:
        return found.group()[0]
    letter, form, least, most = _split(found.group(1))
    match letter:
        case "Z" | "z":
            shown = _zone(moment.utcoffset() or timedelta(0), form)
            return f"GMT{shown}" if letter == "z" else shown
        case "P":
            return _cased("am" if moment.hour < 12 else "pm", form)
        case "C" | "E":
            return "ISO"
        case "f":
            digits = max(sum(c.isdecimal() for c in form), least)
            return f"{moment.microsecond:06d}"[: max(digits, 1)]
    value = _NUMBERS[letter](moment)
    if form[:1] in ("n", "N"):
        names = _MONTHS if letter in "Mx" else _DAYS
        shown = _cased(names[value - 1], form)
        return shown[:most] if most else shown
    if letter == "Y" and (most or form in ("01", "0001")):
        wide = most or sum(c.isdecimal() for c in form)
        value %= 10 ** max(wide, 2)
    return format_whole(value, form).rjust(least, "0")


def _cased(name: str, form: str) -> str:
    if form.startswith("Nn"):
        return name.capitalize()
    return name.upper() if form.startswith("N") else name.lower()


_WORD_FORMS = ("w", "W", "a", "A", "i", "I")


def _expected(letter: str, form: str) -> str:
    if letter in "Zz":
        return r"(?:GMT)?[-+]\d\d?(?::?\d\d)?|Z"
    if letter == "P":
        return r"[AaPp][Mm]"
    if form[:1] in ("n", "N"):
        return r"[A-Za-z]+"
    if form[:1] in _WORD_FORMS:
        return r"[A-Za-z, -]+?"
    digits = sum(c.isdecimal() for c in form)
    width = f"{{{digits}}}" if digits > 1 else "+"
    return rf"\d{width}" + ("(?:st|nd|rd|th)" if form.endswith("o") else "")


def _parse_picture(value: str, picture: str, now_ms: int) -> Any:
    letters: list[tuple[str, str]] = []
    pattern, at = "", 0
    for found in _MARKER.finditer(picture):
        pattern += re.escape(picture[at : found.start()])
        at = found.end()
        if found.group(1) is None:
            pattern += re.escape(found.group()[0])
            continue
        letter, form, _, _ = _split(found.group(1))
        letters.append((letter, form))
        pattern += f"({_expected(letter, form)})"
    matched = re.fullmatch(pattern + re.escape(picture[at:]), value)
    if matched is None:
        return NOTHING
    given = {
        letter: _read(letter, form, text)
        for (letter, form), text in zip(letters, matched.groups(), strict=True)
    }
    return _assemble(given, EPOCH + timedelta(milliseconds=now_ms))


def _read(letter: str, form: str, text: str) -> Any:
    if letter in "Zz":
        bare = text.removeprefix("GMT")
        if bare != "Z" and len(bare) < 4:
            bare = f"{bare[0]}{bare[1:].rjust(2, '0')}00"
        return _offset(bare)
    if letter == "P":
        return text.lower() == "pm"
    if letter == "f":
        return int(text[:3].ljust(3, "0"))
    if form[:1] in ("n", "N"):
        names = _MONTHS if letter == "M" else _DAYS
        hits = [i for i, name in enumerate(names, 1) if name.lower().startswith(text.lower())]
        if not hits:
            raise JsonataError("D3110", f"{text!r} is no name of a month or day")
        return hits[0]
    return parse_whole(text, form)


def _assemble(given: dict[str, Any], now: datetime) -> int:
    """What is more significant than anything given comes from now, the rest starts at its least."""
    dated = given.keys() & {"Y", "M", "D", "d"}
    year = given.get("Y", now.year)
    month = given.get("M", 1 if "Y" in given else now.month)
    day = given.get("D", 1 if dated else now.day)
    if "d" in given:
        first = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=given["d"] - 1)
        month, day = first.month, first.day
    hour = given.get("H", 0)
    if "h" in given:
        hour = given["h"] % 12 + (12 if given.get("P") else 0)
    offset = given.get("Z", given.get("z", timedelta(0)))
    return _millis(
        year, month, day, hour, given.get("m", 0), given.get("s", 0), given.get("f", 0), offset
    )
