"""Archives and what they hold, in the tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from owari.arn import make_arn
from owari.services.events import named_rows, rows
from owari.services.events.core import BusKey
from owari.services.events.faults import not_found
from owari.services.events.inputs import compact
from owari.store.tx import Row, Tx

_TABLE = "events_archive"
_KEY = "account = ? AND region = ? AND name = ?"
_HELD = "account = ? AND region = ? AND archive = ?"


@dataclass(frozen=True, slots=True)
class Archive:
    """`held`: what its events lie under. `retention_days` 0: for ever."""

    name: str
    held: str
    bus: BusKey
    description: str | None
    pattern: str | None
    retention_days: int
    created: float
    event_count: int = 0
    size_bytes: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.bus.account, self.bus.region, self.name)

    @property
    def events_key(self) -> tuple[str, str, str]:
        return (self.bus.account, self.bus.region, self.held)

    @property
    def arn(self) -> str:
        return make_arn("events", self.bus.region, self.bus.account, f"archive/{self.name}")


def find(tx: Tx, name: str) -> Archive | None:
    row = named_rows.find(tx, _TABLE, name)
    return _archive(row) if row else None


def archive_of(tx: Tx, name: str) -> Archive:
    archive = find(tx, name)
    if archive is None:
        raise not_found(f"Archive {name} does not exist.")
    return archive


def all_of(tx: Tx) -> list[Archive]:
    return [_archive(row) for row in named_rows.every(tx, _TABLE)]


def of_bus(tx: Tx, bus: BusKey) -> list[Archive]:
    found = tx.all(
        "SELECT * FROM events_archive WHERE account = ? AND region = ? AND bus = ? ORDER BY name",
        *bus,
    )
    return [_archive(row) for row in found]


def save(tx: Tx, archive: Archive) -> None:
    tx.run(
        "INSERT INTO events_archive (account, region, name, held, bus, description, pattern,"
        " retention_days, created, event_count, size_bytes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)"
        " ON CONFLICT (account, region, name) DO UPDATE SET description = excluded.description,"
        " pattern = excluded.pattern, retention_days = excluded.retention_days",
        *archive.key,
        archive.held,
        archive.bus.name,
        archive.description,
        archive.pattern,
        archive.retention_days,
        archive.created,
    )
    rows.changed(tx, archive.bus)


def delete(tx: Tx, archive: Archive) -> None:
    """Its events are left to `discard`."""
    tx.run(f"DELETE FROM events_archive WHERE {_KEY}", *archive.key)
    rows.changed(tx, archive.bus)


def discard(tx: Tx, held: str, most: int) -> int:
    """Remove at most `most` events of an archive that is no more; returns how many."""
    key = (tx.account, tx.region, held)
    return tx.run(
        f"DELETE FROM events_archived WHERE {_HELD} AND (time, seq) IN"
        f" (SELECT time, seq FROM events_archived WHERE {_HELD} LIMIT ?)",
        *key,
        *key,
        most,
    )


def store(tx: Tx, bus: BusKey, name: str, event: dict[str, Any]) -> None:
    text = compact(event)
    key = (bus.account, bus.region, name)
    tx.run(
        "INSERT INTO events_archived (account, region, archive, time, seq, stored, event)"
        f" SELECT account, region, held, ?, ?, ?, ? FROM events_archive WHERE {_KEY}",
        datetime.fromisoformat(event["time"]).timestamp(),
        tx.next_seq(),
        tx.now,
        text,
        *key,
    )
    _count(tx, key, 1, len(text.encode()))


def held(
    tx: Tx, archive: Archive, start: float, end: float, after: tuple[float, int], most: int
) -> list[Row]:
    """The next events (`time`, `seq`, `event`) from `start` to `end`, in order of time."""
    return tx.all(
        f"SELECT time, seq, event FROM events_archived WHERE {_HELD} AND time >= ? AND time <= ?"
        " AND (time, seq) > (?, ?) ORDER BY time, seq LIMIT ?",
        *archive.events_key,
        start,
        end,
        *after,
        most,
    )


def expire(tx: Tx, archive: Archive, before: float, most: int) -> int:
    """Remove at most `most` events stored before then; returns how many."""
    old = tx.all(
        f"SELECT time, seq, event FROM events_archived WHERE {_HELD} AND stored < ? LIMIT ?",
        *archive.events_key,
        before,
        most,
    )
    for row in old:
        tx.run(
            f"DELETE FROM events_archived WHERE {_HELD} AND time = ? AND seq = ?",
            *archive.events_key,
            row["time"],
            row["seq"],
        )
    _count(tx, archive.key, -len(old), -_size(row["event"] for row in old))
    return len(old)


def _size(texts: Iterable[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def _count(tx: Tx, key: tuple[str, str, str], events: int, size: int) -> None:
    tx.run(
        "UPDATE events_archive SET event_count = event_count + ?, size_bytes = size_bytes + ?"
        f" WHERE {_KEY}",
        events,
        size,
        *key,
    )


def _archive(row: Row) -> Archive:
    return Archive(
        name=row["name"],
        held=row["held"],
        bus=BusKey(row["account"], row["region"], row["bus"]),
        description=row["description"],
        pattern=row["pattern"],
        retention_days=row["retention_days"],
        created=row["created"],
        event_count=row["event_count"],
        size_bytes=row["size_bytes"],
    )
