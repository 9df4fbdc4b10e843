"""Rows of schedules and groups, of the account and region of the transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.services.scheduler.core import DEFAULT_GROUP, missing, schedule_arn
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

HERE = "account = ? AND region = ?"


@dataclass(slots=True)
class Schedule:
    group: str
    name: str
    settings: dict[str, Any]
    created: float
    modified: float
    token: str | None = None
    due: float | None = None
    timer: str | None = None
    missed: int = 0
    missed_last: int = 0
    missed_at: float | None = None

    def arn(self, tx: Tx) -> str:
        return schedule_arn(tx.account, tx.region, self.group, self.name)


def _schedule(row: Row) -> Schedule:
    return Schedule(
        row["grp"], row["name"], loads(row["settings"]), row["created"], row["modified"],
        row["token"], row["due"], row["timer"], row["missed"],
        row["missed_last"], row["missed_at"],
    )  # fmt: skip


def find(tx: Tx, group: str, name: str) -> Schedule | None:
    sql = f"SELECT * FROM scheduler_schedule WHERE {HERE} AND grp = ? AND name = ?"
    row = tx.one(sql, tx.account, tx.region, group, name)
    return _schedule(row) if row else None


def existing(tx: Tx, group: str, name: str) -> Schedule:
    found = find(tx, group, name)
    if found is None:
        raise missing(f"Schedule {name} does not exist.")
    return found


def save(tx: Tx, s: Schedule) -> None:
    tx.run(
        "INSERT INTO scheduler_schedule (account, region, grp, name, settings, created, modified,"
        " token, due, timer, missed, missed_last, missed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, grp, name) DO UPDATE SET settings = excluded.settings,"
        " modified = excluded.modified, token = excluded.token, due = excluded.due,"
        " timer = excluded.timer, missed = excluded.missed,"
        " missed_last = excluded.missed_last, missed_at = excluded.missed_at",
        tx.account, tx.region, s.group, s.name, dumps(s.settings), s.created, s.modified,
        s.token, s.due, s.timer, s.missed, s.missed_last, s.missed_at,
    )  # fmt: skip


def delete(tx: Tx, s: Schedule) -> None:
    tx.run(
        f"DELETE FROM scheduler_schedule WHERE {HERE} AND grp = ? AND name = ?",
        tx.account, tx.region, s.group, s.name,
    )  # fmt: skip


def of_group(tx: Tx, group: str, most: int) -> list[Schedule]:
    sql = f"SELECT * FROM scheduler_schedule WHERE {HERE} AND grp = ? ORDER BY name LIMIT ?"
    return [_schedule(row) for row in tx.all(sql, tx.account, tx.region, group, most)]


def page(tx: Tx, group: str | None, prefix: str, after: list[str], most: int) -> list[Schedule]:
    """By group and name, after the one named."""
    rows = tx.all(
        f"SELECT * FROM scheduler_schedule WHERE {HERE} AND (? IS NULL OR grp = ?)"
        " AND (grp, name) > (?, ?) AND substr(name, 1, ?) = ? ORDER BY grp, name LIMIT ?",
        tx.account, tx.region, group, group, *after, len(prefix), prefix, most,
    )  # fmt: skip
    return [_schedule(row) for row in rows]


# ---- groups
def group(tx: Tx, name: str) -> Row | None:
    sql = f"SELECT * FROM scheduler_group WHERE {HERE} AND name = ?"
    return tx.one(sql, tx.account, tx.region, name)


def existing_group(tx: Tx, name: str) -> None:
    if name != DEFAULT_GROUP and group(tx, name) is None:
        raise missing(f"Schedule group {name} does not exist.")


def groups(tx: Tx, prefix: str, after: str, most: int) -> list[Row]:
    sql = (
        f"SELECT * FROM scheduler_group WHERE {HERE} AND name > ?"
        " AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?"
    )
    return tx.all(sql, tx.account, tx.region, after, len(prefix), prefix, most)
