"""Code signing configurations in the store, and which function has which."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from owari.arn import make_arn
from owari.store.tx import Row, Tx
from owari.wire.operation import migrations

migrations(
    "lambda.signing",
    """
    CREATE TABLE lambda_signing (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        id TEXT NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (account, region, id)
    );
    CREATE TABLE lambda_signed (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        signing TEXT NOT NULL,
        PRIMARY KEY (account, region, name, qualifier)
    );
    CREATE INDEX lambda_signed_signing ON lambda_signed (account, region, signing);
    """,
)


@dataclass(frozen=True, slots=True)
class Signing:
    """`value` has Description, AllowedPublishers and CodeSigningPolicies."""

    account: str
    region: str
    id: str
    modified: float
    value: dict[str, Any]

    @property
    def arn(self) -> str:
        return make_arn("lambda", self.region, self.account, f"code-signing-config:{self.id}")

    @property
    def enforces(self) -> bool:
        policies: dict[str, str] = self.value["CodeSigningPolicies"]
        return policies["UntrustedArtifactOnDeployment"] == "Enforce"


_SELECT = "SELECT account, region, id, modified, value FROM lambda_signing"
_HERE = "WHERE account = ? AND region = ?"


def _signing(row: Row) -> Signing:
    return Signing(
        row["account"], row["region"], row["id"], row["modified"], json.loads(row["value"])
    )


def put(tx: Tx, s: Signing) -> None:
    tx.run(
        "INSERT INTO lambda_signing (account, region, id, modified, value) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, id)"
        " DO UPDATE SET modified = excluded.modified, value = excluded.value",
        s.account, s.region, s.id, s.modified, json.dumps(s.value),
    )  # fmt: skip


def remove(tx: Tx, s: Signing) -> None:
    tx.run(f"DELETE FROM lambda_signing {_HERE} AND id = ?", s.account, s.region, s.id)


def find(tx: Tx, arn: str) -> Signing | None:
    id = arn.rpartition(":")[2]
    row = tx.one(f"{_SELECT} {_HERE} AND id = ?", tx.account, tx.region, id)
    found = _signing(row) if row else None
    return found if found is not None and found.arn == arn else None


def every(tx: Tx) -> list[Signing]:
    rows = tx.all(f"{_SELECT} {_HERE} ORDER BY id", tx.account, tx.region)
    return [_signing(row) for row in rows]


# ---- which function has which
def attach(tx: Tx, function: str, s: Signing) -> None:
    tx.run(
        "INSERT INTO lambda_signed (account, region, name, qualifier, signing)"
        " VALUES (?, ?, ?, '', ?) ON CONFLICT (account, region, name, qualifier)"
        " DO UPDATE SET signing = excluded.signing",
        tx.account, tx.region, function, s.id,
    )  # fmt: skip


def detach(tx: Tx, function: str) -> None:
    tx.run(f"DELETE FROM lambda_signed {_HERE} AND name = ?", tx.account, tx.region, function)


def of_function(tx: Tx, function: str) -> Signing | None:
    row = tx.one(
        "SELECT c.account, c.region, c.id, c.modified, c.value FROM lambda_signing c"
        " JOIN lambda_signed f ON (f.account, f.region, f.signing) = (c.account, c.region, c.id)"
        " WHERE f.account = ? AND f.region = ? AND f.name = ?",
        tx.account, tx.region, function,
    )  # fmt: skip
    return _signing(row) if row else None


def functions_of(tx: Tx, s: Signing) -> list[str]:
    rows = tx.all(
        f"SELECT name FROM lambda_signed {_HERE} AND signing = ? ORDER BY name",
        s.account, s.region, s.id,
    )  # fmt: skip
    return [row["name"] for row in rows]
