"""Rows of parameters and versions, of the account and region of the transaction."""

from __future__ import annotations

from owari.services.ssm.core import arn_of
from owari.services.ssm.records import Parameter, Policy, Version
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

HERE = "account = ? AND region = ?"
_WITH_LATEST = (
    "SELECT p.policies, p.timer, v.* FROM ssm_parameter p JOIN ssm_version v"
    " ON v.account = p.account AND v.region = p.region AND v.name = p.name"
    " AND v.version = p.version WHERE p.account = ? AND p.region = ?"
)
AFTER_ALL = "\U0010ffff"


def find(tx: Tx, name: str) -> Parameter | None:
    row = tx.one(f"{_WITH_LATEST} AND p.name = ?", tx.account, tx.region, name)
    return _parameter(tx, row) if row else None


def between(tx: Tx, after: str, start: str, end: str, most: int) -> list[Parameter]:
    """By name: later than `after`, from `start` up to, not including, `end`."""
    rows = tx.all(
        f"{_WITH_LATEST} AND p.name > ? AND p.name >= ? AND p.name < ? ORDER BY p.name LIMIT ?",
        tx.account, tx.region, after, start, end, most,
    )  # fmt: skip
    return [_parameter(tx, row) for row in rows]


def count(tx: Tx, tier: str, most: int) -> int:
    """How many there are, counted up to `most`."""
    row = tx.one(
        "SELECT COUNT(*) AS n FROM"
        f" (SELECT 1 FROM ssm_parameter WHERE {HERE} AND tier = ? LIMIT ?) AS some",
        tx.account, tx.region, tier, most,
    )  # fmt: skip
    return int(row["n"]) if row else 0


def save(tx: Tx, parameter: Parameter) -> None:
    tx.run(
        "INSERT INTO ssm_parameter (account, region, name, version, tier, policies, timer)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, name) DO UPDATE SET version = excluded.version,"
        " tier = excluded.tier, policies = excluded.policies, timer = excluded.timer",
        tx.account, tx.region, parameter.name, parameter.latest.number, parameter.latest.tier,
        dumps([[p.type, p.text, p.due, p.status] for p in parameter.policies]), parameter.timer,
    )  # fmt: skip


def delete(tx: Tx, name: str) -> None:
    for table in ("ssm_parameter", "ssm_version"):
        tx.run(f"DELETE FROM {table} WHERE {HERE} AND name = ?", tx.account, tx.region, name)


# ---- versions
def add_version(tx: Tx, name: str, v: Version) -> None:
    tx.run(
        "INSERT INTO ssm_version (account, region, name, version, value, type, tier, data_type,"
        " description, pattern, key_id, modified_by, modified, labels)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        tx.account, tx.region, name, v.number, v.value, v.type, v.tier, v.data_type, v.description,
        v.pattern, v.key, v.user, v.modified, dumps(v.labels),
    )  # fmt: skip


def versions(tx: Tx, name: str, after: int = 0) -> list[Version]:
    """The oldest first."""
    rows = tx.all(
        f"SELECT * FROM ssm_version WHERE {HERE} AND name = ? AND version > ? ORDER BY version",
        tx.account, tx.region, name, after,
    )  # fmt: skip
    return [_version(row) for row in rows]


def version(tx: Tx, name: str, number: int) -> Version | None:
    row = tx.one(
        f"SELECT * FROM ssm_version WHERE {HERE} AND name = ? AND version = ?",
        tx.account, tx.region, name, number,
    )  # fmt: skip
    return _version(row) if row else None


def oldest(tx: Tx, name: str) -> tuple[Version | None, int]:
    """And how many there are."""
    row = tx.one(
        "SELECT *, (SELECT COUNT(*) FROM ssm_version"
        f" WHERE {HERE} AND name = ?) AS n FROM ssm_version"
        f" WHERE {HERE} AND name = ? ORDER BY version LIMIT 1",
        tx.account, tx.region, name, tx.account, tx.region, name,
    )  # fmt: skip
    return (_version(row), int(row["n"])) if row else (None, 0)


def labelled(tx: Tx, name: str, label: str) -> Version | None:
    return next((v for v in versions(tx, name) if label in v.labels), None)


def set_labels(tx: Tx, name: str, v: Version) -> None:
    tx.run(
        f"UPDATE ssm_version SET labels = ? WHERE {HERE} AND name = ? AND version = ?",
        dumps(v.labels), tx.account, tx.region, name, v.number,
    )  # fmt: skip


def delete_version(tx: Tx, name: str, number: int) -> None:
    tx.run(
        f"DELETE FROM ssm_version WHERE {HERE} AND name = ? AND version = ?",
        tx.account, tx.region, name, number,
    )  # fmt: skip


# ---- from rows
def _parameter(tx: Tx, row: Row) -> Parameter:
    policies = [Policy(*found) for found in loads(row["policies"])]
    arn = arn_of(tx.account, tx.region, row["name"])
    return Parameter(row["name"], arn, _version(row), policies, row["timer"])


def _version(row: Row) -> Version:
    return Version(
        row["version"], row["value"], row["type"], row["tier"], row["data_type"],
        row["description"], row["pattern"], row["key_id"], row["modified_by"], row["modified"],
        loads(row["labels"]),
    )  # fmt: skip
