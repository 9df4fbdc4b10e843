"""Event source mappings and their batches in the store.

A batch's number is its alone in every account and region, so its rows carry it without them.
`lambda_mapping_batch` has a row per batch that is not over; its records lie in parts, one for
each time messages were received.
"""

from __future__ import annotations

import json
from typing import Any

from owari.services.lambda_.mapping import Batch, BatchState, Mapping
from owari.services.lambda_.mapping_records import Part
from owari.store.tx import Row, Tx
from owari.wire.operation import migrations

migrations(
    "lambda.mappings",
    """
    CREATE TABLE lambda_mapping (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        uuid TEXT NOT NULL,
        name TEXT NOT NULL,
        qualifier TEXT,
        source TEXT NOT NULL,
        state TEXT NOT NULL,
        enabled BIGINT NOT NULL,
        settings TEXT NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        allowed BIGINT NOT NULL,
        grown DOUBLE PRECISION NOT NULL,
        in_flight BIGINT NOT NULL,
        poll TEXT,
        wake TEXT,
        wake_due DOUBLE PRECISION NOT NULL,
        trouble TEXT,
        troubles BIGINT NOT NULL,
        retry_at DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, uuid)
    );
    CREATE INDEX lambda_mapping_function ON lambda_mapping (account, region, name);
    CREATE INDEX lambda_mapping_source ON lambda_mapping (source);
    CREATE TABLE lambda_mapping_batch (
        number BIGINT PRIMARY KEY,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        uuid TEXT NOT NULL,
        state BIGINT NOT NULL,
        count BIGINT NOT NULL,
        size BIGINT NOT NULL,
        opened DOUBLE PRECISION NOT NULL,
        lapses DOUBLE PRECISION NOT NULL,
        kept TEXT NOT NULL,
        follows BIGINT
    );
    CREATE INDEX lambda_mapping_batch_state
        ON lambda_mapping_batch (account, region, uuid, state, number);
    CREATE INDEX lambda_mapping_batch_follows ON lambda_mapping_batch (follows)
        WHERE follows IS NOT NULL;
    CREATE TABLE lambda_mapping_part (
        batch BIGINT NOT NULL,
        number BIGINT NOT NULL,
        records TEXT NOT NULL,
        receipts TEXT NOT NULL,
        PRIMARY KEY (batch, number)
    );
    """,
    "ALTER TABLE lambda_mapping_batch ADD COLUMN trace TEXT NOT NULL DEFAULT '';",
)

_KEY = "account = ? AND region = ? AND uuid = ?"
_COLUMNS = (
    "name", "qualifier", "source", "state", "enabled", "settings", "modified", "allowed", "grown",
    "in_flight", "poll", "wake", "wake_due", "trouble", "troubles", "retry_at",
)  # fmt: skip
_UPDATE = f"UPDATE lambda_mapping SET {', '.join(f'{c} = ?' for c in _COLUMNS)} WHERE {_KEY}"
_INSERT = (
    f"INSERT INTO lambda_mapping ({', '.join(_COLUMNS)}, account, region, uuid)"
    f" VALUES ({', '.join('?' * (len(_COLUMNS) + 3))})"
)


def _values(m: Mapping) -> list[Any]:
    kept = {"settings": json.dumps(m.settings), "enabled": int(m.enabled)}
    return [kept.get(column, getattr(m, column)) for column in _COLUMNS]


def _mapping(row: Row) -> Mapping:
    fields = dict(row)
    return Mapping(
        **fields | {"settings": json.loads(fields["settings"]), "enabled": bool(fields["enabled"])}
    )


# ---- mappings
def find(tx: Tx, uuid: str) -> Mapping | None:
    row = tx.one(f"SELECT * FROM lambda_mapping WHERE {_KEY}", tx.account, tx.region, uuid)
    return _mapping(row) if row else None


def insert(tx: Tx, m: Mapping) -> None:
    tx.run(_INSERT, *_values(m), m.account, m.region, m.uuid)


def save(tx: Tx, m: Mapping) -> None:
    tx.run(_UPDATE, *_values(m), m.account, m.region, m.uuid)


def remove(tx: Tx, m: Mapping) -> None:
    tx.run(f"DELETE FROM lambda_mapping WHERE {_KEY}", m.account, m.region, m.uuid)


def of_pair(tx: Tx, name: str, qualifier: str | None, source: str) -> Mapping | None:
    """The mapping of this function and queue: there is one at most."""
    row = tx.one(
        "SELECT * FROM lambda_mapping WHERE account = ? AND region = ? AND name = ?"
        " AND COALESCE(qualifier, '') = ? AND source = ?",
        tx.account, tx.region, name, qualifier or "", source,
    )  # fmt: skip
    return _mapping(row) if row else None


def after(
    tx: Tx, uuid: str, most: int, *, name: str | None, qualifier: str | None, source: str | None
) -> list[Mapping]:
    """By UUID; of a function, or of one of its qualifiers, and of a source, if asked."""
    conditions, values = ["account = ?", "region = ?", "uuid > ?"], [tx.account, tx.region, uuid]
    for column, value in (("name", name), ("qualifier", qualifier), ("source", source)):
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)
    rows = tx.all(
        f"SELECT * FROM lambda_mapping WHERE {' AND '.join(conditions)} ORDER BY uuid LIMIT ?",
        *values,
        most,
    )
    return [_mapping(row) for row in rows]


def of_function(tx: Tx, name: str) -> list[Mapping]:
    rows = tx.all(
        "SELECT * FROM lambda_mapping WHERE account = ? AND region = ? AND name = ?",
        tx.account, tx.region, name,
    )  # fmt: skip
    return [_mapping(row) for row in rows]


# ---- batches
def _batch(row: Row) -> Batch:
    return Batch(
        number=row["number"],
        state=BatchState(row["state"]),
        count=row["count"],
        size=row["size"],
        opened=row["opened"],
        lapses=row["lapses"],
        kept=json.loads(row["kept"]),
        follows=row["follows"],
        trace=row["trace"],
    )


def batch(tx: Tx, number: int) -> Batch | None:
    row = tx.one("SELECT * FROM lambda_mapping_batch WHERE number = ?", number)
    return _batch(row) if row else None


def follower(tx: Tx, number: int) -> int | None:
    row = tx.one("SELECT number FROM lambda_mapping_batch WHERE follows = ?", number)
    return row["number"] if row else None


def idle_batches(tx: Tx, m: Mapping) -> list[Batch]:
    """Those that are not running, the oldest first."""
    rows = tx.all(
        f"SELECT * FROM lambda_mapping_batch WHERE {_KEY} AND state IN (0, 1, 3) ORDER BY number",
        m.account, m.region, m.uuid,
    )  # fmt: skip
    return [_batch(row) for row in rows]


def put_batch(tx: Tx, m: Mapping, b: Batch) -> None:
    tx.run(
        "INSERT INTO lambda_mapping_batch (number, account, region, uuid, state, count, size,"
        " opened, lapses, kept, follows, trace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (number) DO UPDATE SET state = excluded.state, count = excluded.count,"
        " size = excluded.size, lapses = excluded.lapses, kept = excluded.kept",
        b.number, m.account, m.region, m.uuid, int(b.state), b.count, b.size, b.opened, b.lapses,
        json.dumps(b.kept), b.follows, b.trace,
    )  # fmt: skip


def remove_batch(tx: Tx, number: int) -> None:
    tx.run("DELETE FROM lambda_mapping_part WHERE batch = ?", number)
    tx.run("DELETE FROM lambda_mapping_batch WHERE number = ?", number)


# ---- their parts
def add_part(tx: Tx, batch: int, part: Part) -> None:
    tx.run(
        "INSERT INTO lambda_mapping_part (batch, number, records, receipts) VALUES (?, ?, ?, ?)",
        batch, tx.next_seq(), part.records, json.dumps(part.receipts),
    )  # fmt: skip


def records(tx: Tx, batch: int) -> list[str]:
    rows = tx.all("SELECT records FROM lambda_mapping_part WHERE batch = ? ORDER BY number", batch)
    return [row["records"] for row in rows]


def receipts(tx: Tx, batch: int, most: int) -> list[tuple[int, list[tuple[str, str]]]]:
    """Of the first parts: the number of each, and id and receipt of each of its messages."""
    rows = tx.all(
        "SELECT number, receipts FROM lambda_mapping_part WHERE batch = ? ORDER BY number LIMIT ?",
        batch, most,
    )  # fmt: skip
    return [(row["number"], [(i, r) for i, r in json.loads(row["receipts"])]) for row in rows]


def remove_part(tx: Tx, batch: int, number: int) -> None:
    tx.run("DELETE FROM lambda_mapping_part WHERE batch = ? AND number = ?", batch, number)
