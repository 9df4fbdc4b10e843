"""The table of function URLs: every statement on it, named by intent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from owari.store.tx import Row, Tx
from owari.wire.operation import migrations

migrations(
    "lambda.urls",
    """
    CREATE TABLE lambda_url (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        url_id TEXT NOT NULL,
        auth_type TEXT NOT NULL,
        invoke_mode TEXT NOT NULL,
        cors TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, name, qualifier)
    );
    CREATE UNIQUE INDEX lambda_url_id ON lambda_url (url_id);
    """,
)

_KEY = "account = ? AND region = ? AND name = ?"


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """`qualifier` is an alias, or '' for the function itself; times in seconds."""

    account: str
    region: str
    name: str
    qualifier: str
    url_id: str
    auth_type: str
    invoke_mode: str
    cors: dict[str, Any]
    created: float
    modified: float


def find(tx: Tx, name: str, qualifier: str) -> FunctionUrl | None:
    row = tx.one(
        f"SELECT * FROM lambda_url WHERE {_KEY} AND qualifier = ?",
        tx.account, tx.region, name, qualifier,
    )  # fmt: skip
    return _url(row) if row else None


def of_function(tx: Tx, name: str) -> list[FunctionUrl]:
    rows = tx.all(
        f"SELECT * FROM lambda_url WHERE {_KEY} ORDER BY qualifier", tx.account, tx.region, name
    )
    return [_url(row) for row in rows]


def _url(row: Row) -> FunctionUrl:
    return FunctionUrl(**{**dict(row), "cors": json.loads(row["cors"])})


def put(tx: Tx, url: FunctionUrl) -> None:
    """New, or in place of the one there was."""
    tx.run(
        "INSERT INTO lambda_url (account, region, name, qualifier, url_id, auth_type, invoke_mode,"
        " cors, created, modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, name, qualifier) DO UPDATE SET"
        " auth_type = excluded.auth_type, invoke_mode = excluded.invoke_mode,"
        " cors = excluded.cors, modified = excluded.modified",
        url.account, url.region, url.name, url.qualifier, url.url_id, url.auth_type,
        url.invoke_mode, json.dumps(url.cors), url.created, url.modified,
    )  # fmt: skip


def remove(tx: Tx, name: str, qualifier: str) -> None:
    tx.run(
        f"DELETE FROM lambda_url WHERE {_KEY} AND qualifier = ?",
        tx.account, tx.region, name, qualifier,
    )  # fmt: skip
