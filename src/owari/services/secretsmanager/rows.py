"""Rows of secrets and versions, of the account and region of the transaction."""

from __future__ import annotations

from dataclasses import asdict

from owari.services.secretsmanager.records import Head, Rotating, Rotation, Secret, Version
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

HERE = "account = ? AND region = ?"
_SECRET = f"SELECT * FROM secretsmanager_secret WHERE {HERE}"
_VERSION = f"SELECT * FROM secretsmanager_version WHERE {HERE} AND name = ?"


def find(tx: Tx, name: str) -> Secret | None:
    row = tx.one(f"{_SECRET} AND name = ?", tx.account, tx.region, name)
    return _secret(row) if row else None


def find_by_arn(tx: Tx, arn: str) -> Secret | None:
    row = tx.one(f"{_SECRET} AND arn = ?", tx.account, tx.region, arn)
    return _secret(row) if row else None


ORDERS = {
    "created-date": "created",
    "last-accessed-date": "COALESCE(accessed, 0.0)",
    "last-changed-date": "changed",
    "name": "0.0",
}


def sorted_by(
    tx: Tx, order: str, after: tuple[float, str] | None, most: int, *, descending: bool
) -> list[Secret]:
    """In one of ORDERS and then by name, those that come later than `after`."""
    place, (sign, direction) = ORDERS[order], ("<", "DESC") if descending else (">", "ASC")
    later, bounds = ("", ()) if after is None else (f" AND ({place}, name) {sign} (?, ?)", after)
    rows = tx.all(
        f"{_SECRET}{later} ORDER BY {place} {direction}, name {direction} LIMIT ?",
        tx.account, tx.region, *bounds, most,
    )  # fmt: skip
    return [_secret(row) for row in rows]


def save(tx: Tx, s: Secret) -> None:
    body = {
        "description": s.description, "key": s.key, "policy": s.policy, "stages": s.stages,
        "rotation": asdict(s.rotation) if s.rotation else None,
        "rotating": asdict(s.rotating) if s.rotating else None,
    }  # fmt: skip
    tx.run(
        "INSERT INTO secretsmanager_secret (account, region, name, arn, created, changed,"
        " accessed, rotated, deletes, body, failure, timer)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, name) DO UPDATE SET arn = excluded.arn,"
        " changed = excluded.changed, accessed = excluded.accessed, rotated = excluded.rotated,"
        " deletes = excluded.deletes, body = excluded.body, failure = excluded.failure,"
        " timer = excluded.timer",
        tx.account, tx.region, s.name, s.arn, s.created, s.changed, s.accessed, s.rotated,
        s.deletes, dumps(body), s.failure, s.timer,
    )  # fmt: skip


def delete(tx: Tx, name: str) -> None:
    for table in ("secretsmanager_secret", "secretsmanager_version"):
        tx.run(f"DELETE FROM {table} WHERE {HERE} AND name = ?", tx.account, tx.region, name)


# ---- versions
def version(tx: Tx, name: str, id: str) -> Version | None:
    row = tx.one(f"{_VERSION} AND id = ?", tx.account, tx.region, name, id)
    return _version(row) if row else None


def heads(tx: Tx, name: str) -> list[Head]:
    """Of all versions, the oldest first."""
    found = tx.all(
        "SELECT id, created, key_id, accessed,"
        " text_value IS NOT NULL OR binary_value IS NOT NULL AS has_value"
        f" FROM secretsmanager_version WHERE {HERE} AND name = ? ORDER BY created, id",
        tx.account, tx.region, name,
    )  # fmt: skip
    return [
        Head(row["id"], row["created"], row["key_id"], row["accessed"], bool(row["has_value"]))
        for row in found
    ]


def save_version(tx: Tx, name: str, v: Version) -> None:
    tx.run(
        "INSERT INTO secretsmanager_version (account, region, name, id, created, key_id,"
        " text_value, binary_value, accessed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, name, id) DO UPDATE SET created = excluded.created,"
        " key_id = excluded.key_id, text_value = excluded.text_value,"
        " binary_value = excluded.binary_value, accessed = excluded.accessed",
        tx.account, tx.region, name, v.id, v.created, v.key, v.text, v.binary, v.accessed,
    )  # fmt: skip


def delete_version(tx: Tx, name: str, id: str) -> None:
    tx.run(
        f"DELETE FROM secretsmanager_version WHERE {HERE} AND name = ? AND id = ?",
        tx.account, tx.region, name, id,
    )  # fmt: skip


# ---- from rows
def _secret(row: Row) -> Secret:
    body = loads(row["body"])
    rotation, rotating = body.pop("rotation"), body.pop("rotating")
    return Secret(
        name=row["name"], arn=row["arn"], created=row["created"], changed=row["changed"],
        accessed=row["accessed"], rotated=row["rotated"], deletes=row["deletes"],
        failure=row["failure"], timer=row["timer"], **body,
        rotation=Rotation(**rotation) if rotation else None,
        rotating=Rotating(**rotating) if rotating else None,
    )  # fmt: skip


def _version(row: Row) -> Version:
    return Version(
        row["id"], row["created"], row["key_id"], row["text_value"], row["binary_value"],
        row["accessed"],
    )  # fmt: skip
