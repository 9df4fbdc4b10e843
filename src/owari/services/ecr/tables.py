"""ECR's table: a repository is one row, its policies and settings in `body`."""

from __future__ import annotations

from typing import Any

from owari.services.ecr.core import missing
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx
from owari.wire.operation import migrations

migrations(
    "ecr",
    """
    CREATE TABLE ecr_repository (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    """,
)

_KEY = "account = ? AND region = ? AND name = ?"


def repository(tx: Tx, name: str) -> Row | None:
    return tx.one(f"SELECT * FROM ecr_repository WHERE {_KEY}", tx.account, tx.region, name)


def needed(tx: Tx, p: dict[str, Any]) -> Row:
    """Raises RepositoryNotFoundException."""
    row = repository(tx, p["repositoryName"])
    if row is None or p.get("registryId", tx.account) != tx.account:
        raise missing(p["repositoryName"], p.get("registryId", tx.account))
    return row


def repositories(tx: Tx) -> list[Row]:
    return tx.all(
        "SELECT * FROM ecr_repository WHERE account = ? AND region = ? ORDER BY name",
        tx.account, tx.region,
    )  # fmt: skip


def insert(tx: Tx, name: str, body: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO ecr_repository (account, region, name, created, body) VALUES (?, ?, ?, ?, ?)",
        tx.account, tx.region, name, tx.now, dumps(body),
    )  # fmt: skip


def delete(tx: Tx, name: str) -> None:
    tx.run(f"DELETE FROM ecr_repository WHERE {_KEY}", tx.account, tx.region, name)


def change(tx: Tx, row: Row, changes: dict[str, Any]) -> dict[str, Any]:
    """None takes a setting away. The body as it is now."""
    body: dict[str, Any] = {
        name: value for name, value in (loads(row["body"]) | changes).items() if value is not None
    }
    tx.run(
        f"UPDATE ecr_repository SET body = ? WHERE {_KEY}",
        dumps(body), tx.account, tx.region, row["name"],
    )  # fmt: skip
    return body
