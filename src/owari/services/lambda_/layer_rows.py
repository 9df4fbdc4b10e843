"""The tables of layers: every statement on them, named by intent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from owari.services.lambda_.layer_names import LayerRef
from owari.services.lambda_.model import Source
from owari.store.tx import Row, Tx
from owari.wire.operation import migrations

migrations(
    "lambda.layers",
    """
    CREATE TABLE lambda_layer (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        last_version BIGINT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE lambda_layer_version (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        version BIGINT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        revision TEXT NOT NULL,
        source TEXT NOT NULL,
        info TEXT NOT NULL,
        PRIMARY KEY (account, region, name, version)
    );
    CREATE TABLE lambda_layer_permission (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        version BIGINT NOT NULL,
        sid TEXT NOT NULL,
        position BIGINT NOT NULL,
        statement TEXT NOT NULL,
        PRIMARY KEY (account, region, name, version, sid)
    );
    """,
)

_KEY = "account = ? AND region = ? AND name = ?"


@dataclass(frozen=True, slots=True)
class LayerVersion:
    """`info`: Description, CompatibleRuntimes and so on, under AWS's names; `created` seconds."""

    ref: LayerRef
    created: float
    revision: str
    source: Source
    info: dict[str, Any]


def next_version(tx: Tx, ref: LayerRef) -> int:
    """A number that no version of this layer has had."""
    tx.run(
        "INSERT INTO lambda_layer (account, region, name, last_version) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (account, region, name) DO UPDATE SET"
        " last_version = lambda_layer.last_version + 1",
        ref.account, ref.region, ref.name,
    )  # fmt: skip
    row = tx.one(
        f"SELECT last_version FROM lambda_layer WHERE {_KEY}", ref.account, ref.region, ref.name
    )
    assert row is not None
    number: int = row["last_version"]
    return number


def add(tx: Tx, layer: LayerVersion) -> None:
    ref = layer.ref
    tx.run(
        "INSERT INTO lambda_layer_version (account, region, name, version, created, revision,"
        " source, info) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ref.account, ref.region, ref.name, ref.version, layer.created, layer.revision,
        json.dumps(layer.source.as_json()), json.dumps(layer.info),
    )  # fmt: skip
    if layer.source.code:
        tx.blobs.keep(tx.connection, layer.source.code, tx.now)


def find(tx: Tx, ref: LayerRef) -> LayerVersion | None:
    row = tx.one(
        f"SELECT * FROM lambda_layer_version WHERE {_KEY} AND version = ?",
        ref.account, ref.region, ref.name, ref.version,
    )  # fmt: skip
    return _layer(row) if row else None


def versions(tx: Tx, ref: LayerRef) -> list[LayerVersion]:
    """The newest first."""
    rows = tx.all(
        f"SELECT * FROM lambda_layer_version WHERE {_KEY} ORDER BY version DESC",
        ref.account, ref.region, ref.name,
    )  # fmt: skip
    return [_layer(row) for row in rows]


def every(tx: Tx) -> list[LayerVersion]:
    """Of the caller's account and region, by name, the newest first."""
    rows = tx.all(
        "SELECT * FROM lambda_layer_version WHERE account = ? AND region = ?"
        " ORDER BY name, version DESC",
        tx.account, tx.region,
    )  # fmt: skip
    return [_layer(row) for row in rows]


def _layer(row: Row) -> LayerVersion:
    return LayerVersion(
        LayerRef(row["account"], row["region"], row["name"], row["version"]),
        row["created"],
        row["revision"],
        Source(**json.loads(row["source"])),
        json.loads(row["info"]),
    )


def remove(tx: Tx, layer: LayerVersion) -> None:
    """Functions that have it keep it."""
    for table in ("lambda_layer_version", "lambda_layer_permission"):
        tx.run(
            f"DELETE FROM {table} WHERE {_KEY} AND version = ?",
            layer.ref.account, layer.ref.region, layer.ref.name, layer.ref.version,
        )  # fmt: skip
    if layer.source.code:
        tx.blobs.drop(tx.connection, layer.source.code, tx.now)


# ---- policies
def statements(tx: Tx, ref: LayerRef) -> list[dict[str, Any]]:
    rows = tx.all(
        f"SELECT statement FROM lambda_layer_permission WHERE {_KEY} AND version = ?"
        " ORDER BY position",
        ref.account, ref.region, ref.name, ref.version,
    )  # fmt: skip
    return [json.loads(row["statement"]) for row in rows]


def add_statement(tx: Tx, ref: LayerRef, statement: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO lambda_layer_permission (account, region, name, version, sid, position,"
        " statement) VALUES (?, ?, ?, ?, ?, ?, ?)",
        ref.account, ref.region, ref.name, ref.version, statement["Sid"], tx.next_seq(),
        json.dumps(statement),
    )  # fmt: skip
    _new_revision(tx, ref)


def remove_statement(tx: Tx, ref: LayerRef, sid: str) -> bool:
    """False when there was none."""
    found = tx.run(
        f"DELETE FROM lambda_layer_permission WHERE {_KEY} AND version = ? AND sid = ?",
        ref.account, ref.region, ref.name, ref.version, sid,
    )  # fmt: skip
    if found:
        _new_revision(tx, ref)
    return bool(found)


def _new_revision(tx: Tx, ref: LayerRef) -> None:
    tx.run(
        f"UPDATE lambda_layer_version SET revision = ? WHERE {_KEY} AND version = ?",
        tx.new_id(), ref.account, ref.region, ref.name, ref.version,
    )  # fmt: skip
