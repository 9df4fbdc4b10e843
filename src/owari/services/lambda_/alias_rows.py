"""The table of aliases: every statement on it, named by intent."""

from __future__ import annotations

import json

from owari.services.lambda_.aliases import Alias
from owari.store.tx import Row, Tx
from owari.wire.operation import migrations

migrations(
    "lambda.aliases",
    """
    CREATE TABLE lambda_alias (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        alias TEXT NOT NULL,
        version TEXT NOT NULL,
        description TEXT NOT NULL,
        weights TEXT NOT NULL,
        revision TEXT NOT NULL,
        PRIMARY KEY (account, region, name, alias)
    );
    """,
)

_KEY = "account = ? AND region = ? AND name = ?"


def find(tx: Tx, name: str, alias: str) -> Alias | None:
    row = tx.one(
        f"SELECT * FROM lambda_alias WHERE {_KEY} AND alias = ?",
        tx.account, tx.region, name, alias,
    )  # fmt: skip
    return _alias(row) if row else None


def of_function(tx: Tx, name: str) -> list[Alias]:
    """By name."""
    rows = tx.all(
        f"SELECT * FROM lambda_alias WHERE {_KEY} ORDER BY alias", tx.account, tx.region, name
    )
    return [_alias(row) for row in rows]


def _alias(row: Row) -> Alias:
    return Alias(**{**dict(row), "weights": json.loads(row["weights"])})


def put(tx: Tx, a: Alias) -> None:
    """New, or in place of the one of this name."""
    tx.run(
        "INSERT INTO lambda_alias (account, region, name, alias, version, description, weights,"
        " revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, name, alias) DO UPDATE SET version = excluded.version,"
        " description = excluded.description, weights = excluded.weights,"
        " revision = excluded.revision",
        a.account, a.region, a.name, a.alias, a.version, a.description, json.dumps(a.weights),
        a.revision,
    )  # fmt: skip


def new_revision(tx: Tx, name: str, alias: str) -> None:
    """After a change of its policy."""
    tx.run(
        f"UPDATE lambda_alias SET revision = ? WHERE {_KEY} AND alias = ?",
        tx.new_id(), tx.account, tx.region, name, alias,
    )  # fmt: skip


def remove(tx: Tx, name: str, alias: str) -> None:
    tx.run(
        f"DELETE FROM lambda_alias WHERE {_KEY} AND alias = ?", tx.account, tx.region, name, alias
    )
