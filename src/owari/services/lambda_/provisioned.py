"""Provisioned concurrency: what is to be kept started, and how compute is told.

A wish hangs on a version or an alias. Compute is told of every change, and of everything again
when an agent (re)connects, which has forgotten it.
"""

from __future__ import annotations

from dataclasses import dataclass

from owari.effects import Report
from owari.services.lambda_ import alias_rows
from owari.services.lambda_.names import is_alias
from owari.services.lambda_.spec import Deployed, template
from owari.store.tx import Row, Tx
from owari.wire.operation import migrations, reaction

migrations(
    "lambda.provisioned",
    """
    CREATE TABLE lambda_provisioned (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        requested BIGINT NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, name, qualifier)
    );
    """,
    """
    ALTER TABLE lambda_provisioned ADD COLUMN environment TEXT NOT NULL DEFAULT '';
    ALTER TABLE lambda_provisioned ADD COLUMN allocated BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE lambda_provisioned ADD COLUMN why TEXT NOT NULL DEFAULT '';
    """,
)

_KEY = "account = ? AND region = ? AND name = ?"
_DEPLOYED = (
    "SELECT v.account, v.region, v.name, v.version, v.deployed, v.source, v.layers, v.config,"
    " f.reserved FROM lambda_version v JOIN lambda_function f"
    " ON f.account = v.account AND f.region = v.region AND f.name = v.name"
    " WHERE v.account = ? AND v.region = ? AND v.name = ? AND v.version = ?"
)


@dataclass(frozen=True, slots=True)
class Provisioned:
    """`requested` environments of a function's version or alias; `modified` in seconds.

    `allocated` of them are initialised, as the agent says; `why` the last could not be, or ''.
    `environment`: their identity for compute.
    """

    account: str
    region: str
    name: str
    qualifier: str
    requested: int
    modified: float
    environment: str = ""
    allocated: int = 0
    why: str = ""


def find(tx: Tx, name: str, qualifier: str) -> Provisioned | None:
    row = tx.one(
        f"SELECT * FROM lambda_provisioned WHERE {_KEY} AND qualifier = ?",
        tx.account, tx.region, name, qualifier,
    )  # fmt: skip
    return _provisioned(row) if row else None


def of_function(tx: Tx, name: str) -> list[Provisioned]:
    rows = tx.all(
        f"SELECT * FROM lambda_provisioned WHERE {_KEY} ORDER BY qualifier",
        tx.account, tx.region, name,
    )  # fmt: skip
    return [_provisioned(row) for row in rows]


def _provisioned(row: Row) -> Provisioned:
    return Provisioned(**dict(row))


def put(tx: Tx, p: Provisioned) -> None:
    tx.run(
        "INSERT INTO lambda_provisioned (account, region, name, qualifier, requested, modified)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, name, qualifier) DO UPDATE SET"
        " requested = excluded.requested, modified = excluded.modified",
        p.account, p.region, p.name, p.qualifier, p.requested, p.modified,
    )  # fmt: skip
    tell(tx, p, p.requested)


def remove(tx: Tx, p: Provisioned) -> None:
    tell(tx, p, 0)
    tx.run(
        f"DELETE FROM lambda_provisioned WHERE {_KEY} AND qualifier = ?",
        p.account, p.region, p.name, p.qualifier,
    )  # fmt: skip


def forget(tx: Tx, name: str, qualifier: str | None = None) -> None:
    """Before a version, an alias or (None) the whole function goes."""
    for p in of_function(tx, name):
        if qualifier in (None, p.qualifier):
            remove(tx, p)


def tell(tx: Tx, p: Provisioned, count: int) -> None:
    """Of an alias, the version it names first is kept started."""
    version = p.qualifier
    if is_alias(version):
        alias = alias_rows.find(tx, p.name, version)
        version = alias.version if alias else ""
    row = tx.one(_DEPLOYED, p.account, p.region, p.name, version)
    if row is not None:
        spec = template(Deployed(*row), p.qualifier)
        tx.run(
            "UPDATE lambda_provisioned SET environment = ?, allocated = 0, why = ''"
            f" WHERE {_KEY} AND qualifier = ?",
            spec["environment"], p.account, p.region, p.name, p.qualifier,
        )  # fmt: skip
        tx.keep_warm(spec, count)


@reaction("lambda", "kept")
def on_kept(tx: Tx, report: Report) -> None:
    """So many are initialised now. What is no longer wished has no row."""
    if report.result is not None:
        tx.run(
            "UPDATE lambda_provisioned SET allocated = ?, why = ? WHERE environment = ?",
            report.result["count"], report.result["why"], report.key,
        )  # fmt: skip


@reaction("lambda", "capacity")
def on_capacity(tx: Tx, report: Report) -> None:
    """An agent has come: it is told everything. Of one that is gone, nothing is left."""
    if report.result is None:
        return
    if not report.result["agents"]:
        tx.run("UPDATE lambda_provisioned SET allocated = 0, why = ''")
        return
    for row in tx.all("SELECT * FROM lambda_provisioned"):
        p = _provisioned(row)
        tx.account, tx.region = p.account, p.region
        tell(tx, p, p.requested)
