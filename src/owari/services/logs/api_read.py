"""GetLogEvents and FilterLogEvents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from owari.services.logs import core, rows
from owari.services.logs.chunks import Event
from owari.services.logs.core import Cursor, Position
from owari.services.logs.pattern import Pattern, is_structured, parse_pattern
from owari.services.logs.search import (
    PAGE_MAX_BYTES,
    PAGE_MAX_EVENTS,
    Search,
    event_bytes,
    first_cursor,
    window,
)
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

FOR_EVER = 2**62
# How much one page may look at in search of matches: the rest is the next page's, so that a long
# search holds nobody else up.
SCAN_MAX_BYTES = 4 * 1024 * 1024
SCAN_MAX_EVENTS = 10_000
SCAN_STRUCTURED_MAX_EVENTS = 2_000


@operation("logs", "GetLogEvents", reads=True)
def get_log_events(tx: Tx, p: Params) -> Result:
    group = rows.get_group(tx, core.group_named(p))
    stream = rows.get_stream(tx, group["id"], p["logStreamName"])
    token = p.get("nextToken")
    cursor = (
        core.parse_token(token) if token else first_cursor(forward=bool(p.get("startFromHead")))
    )
    until = p.get("endTime", FOR_EVER) - 1  # "equal to or later than this time are not included"
    asked = window(p, group, rows.now_ms(tx), cursor, until)
    page = _Page(p.get("limit", PAGE_MAX_EVENTS))
    for event in Search(tx, group, asked, [stream["id"]]).events():
        if not page.take(event):
            break
    events = page.events if cursor.forward else page.events[::-1]
    back, ahead = _edges(events, token, cursor, asked.start)
    return {
        "events": [_output(e) for e in events],
        "nextForwardToken": ahead,
        "nextBackwardToken": back,
    }


def _edges(events: list[Event], token: str | None, cursor: Cursor, start: int) -> tuple[str, str]:
    """The backward and the forward token. At an end, the token that was passed in."""
    if events:
        first, last = _position(events[0]), _position(events[-1])
    elif token:
        first = last = cursor.position
    else:
        first = last = Position(start)
    return Cursor(False, first).token(), Cursor(True, last).token()


def _position(event: Event) -> Position:
    return Position(event.timestamp, event.stream, event.number)


def _output(event: Event) -> dict[str, Any]:
    return {
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.ingested,
    }


@dataclass(slots=True)
class _Page:
    """The events of an answer, within AWS's bounds."""

    limit: int
    events: list[Event] = field(default_factory=list)
    size: int = 0

    def take(self, event: Event) -> bool:
        """False when it no longer fits."""
        self.size += event_bytes(event)
        if self.events and (len(self.events) >= self.limit or self.size > PAGE_MAX_BYTES):
            return False
        self.events.append(event)
        return True


@operation("logs", "FilterLogEvents", reads=True)
def filter_log_events(tx: Tx, p: Params) -> Result:
    group = rows.get_group(tx, core.group_named(p))
    pattern = parse_pattern(p.get("filterPattern", ""))
    token = p.get("nextToken")
    cursor = (
        core.parse_token(token) if token else first_cursor(forward=p.get("startFromHead", True))
    )
    asked = window(p, group, rows.now_ms(tx), cursor, p.get("endTime", FOR_EVER))
    names = _Names(tx, group)
    search = Search(tx, group, asked, names.chosen(p))
    page = _Page(p.get("limit", PAGE_MAX_EVENTS))
    stopped = _fill(page, search, pattern, names)
    answer: dict[str, Any] = {
        "events": [_filtered(e, names.of(e.stream)) for e in page.events],
        "searchedLogStreams": [],  # deprecated: "returns an empty list"
    }
    if stopped is not None:
        answer["nextToken"] = Cursor(cursor.forward, stopped).token()
    return answer


def _fill(page: _Page, search: Search, pattern: Pattern, names: _Names) -> Position | None:
    """Returns where it stopped before the end: the last event looked at and dealt with."""
    most = SCAN_STRUCTURED_MAX_EVENTS if is_structured(pattern) else SCAN_MAX_EVENTS
    last: Event | None = None
    for looked_at, event in enumerate(search.events()):
        if last and (looked_at >= most or search.read_bytes > SCAN_MAX_BYTES):
            return _position(last)
        wanted = pattern.match(event.message) is not None and names.known(event.stream)
        if wanted and not page.take(event):
            return _position(last) if last else None
        last = event
    return None


def _filtered(event: Event, stream: str) -> dict[str, Any]:
    return {
        "logStreamName": stream,
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.ingested,
        "eventId": _position(event).event_id(),
    }


class _Names:
    """Stream numbers and names of a group, looked up once each."""

    def __init__(self, tx: Tx, group: Row) -> None:
        self.tx = tx
        self.group = group
        self.seen: dict[int, str | None] = {}

    def known(self, stream: int) -> bool:
        """False for a deleted stream whose chunks were not cleared away yet."""
        if stream not in self.seen:
            row = self.tx.one("SELECT name FROM log_stream WHERE id = ?", stream)
            self.seen[stream] = row["name"] if row else None
        return self.seen[stream] is not None

    def of(self, stream: int) -> str:
        return self.seen[stream] or ""

    def chosen(self, p: Params) -> list[int] | None:
        """The streams a request restricts itself to; None for all of the group."""
        names, prefix = p.get("logStreamNames"), p.get("logStreamNamePrefix")
        if names and prefix:
            raise core.bad_parameter(
                "logStreamNames and logStreamNamePrefix are mutually exclusive parameters."
            )
        if names:
            found = [rows.get_stream(self.tx, self.group["id"], name) for name in set(names)]
            return sorted(row["id"] for row in found)
        return self._with_prefix(prefix) if prefix else None

    def _with_prefix(self, prefix: str) -> list[int]:
        found = self.tx.all(
            "SELECT id FROM log_stream WHERE account = ? AND region = ? AND group_id = ?"
            " AND SUBSTR(name, 1, ?) = ?",
            self.tx.account,
            self.tx.region,
            self.group["id"],
            len(prefix),
            prefix,
        )
        return [row["id"] for row in found]
