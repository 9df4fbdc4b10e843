"""Lambda's tables and every statement on them, named by intent.

A function is one row of `lambda_function` and one of `lambda_version` per version; `$LATEST` is
always there. What hangs on a qualifier (policy, event-invoke configuration) names it in its key:
`''` or `$LATEST` for the function itself.
"""

from __future__ import annotations

import json
from typing import Any

from owari.services.lambda_ import alias_rows, provisioned
from owari.services.lambda_.core import MAXIMUM_EVENT_AGE_S, MAXIMUM_RETRY_ATTEMPTS, EventPolicy
from owari.services.lambda_.model import Layer, Source, Version
from owari.services.lambda_.names import LATEST, is_alias
from owari.services.lambda_.spec import Deployed
from owari.store.tx import Row, Tx
from owari.wire.operation import migrations

migrations(
    "lambda",
    """
    CREATE TABLE lambda_function (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        reserved BIGINT,
        last_version BIGINT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE lambda_version (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        number BIGINT NOT NULL,
        revision TEXT NOT NULL,
        deployed TEXT NOT NULL,
        code TEXT NOT NULL,
        code_size BIGINT NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        config TEXT NOT NULL,
        PRIMARY KEY (account, region, name, version)
    );
    CREATE TABLE lambda_permission (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        sid TEXT NOT NULL,
        position BIGINT NOT NULL,
        statement TEXT NOT NULL,
        PRIMARY KEY (account, region, name, qualifier, sid)
    );
    CREATE TABLE lambda_event_invoke (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        retries BIGINT,
        max_age_s BIGINT,
        on_success TEXT,
        on_failure TEXT,
        PRIMARY KEY (account, region, name, qualifier)
    );
    """,
    # JSON, see model.py; `code` and `code_size` repeat what `source` says.
    """
    ALTER TABLE lambda_version ADD COLUMN source TEXT NOT NULL DEFAULT '';
    UPDATE lambda_version
        SET source = '{"code":"' || code || '","size":' || code_size || '}';
    ALTER TABLE lambda_version ADD COLUMN layers TEXT NOT NULL DEFAULT '[]';
    """,
)

_KEY = "account = ? AND region = ? AND name = ?"
_HANGING = (
    "lambda_permission",
    "lambda_event_invoke",
    "lambda_url",
    "lambda_setting",
    "lambda_signed",
)
_VERSION = (
    "SELECT account, region, name, version, revision, deployed, source, modified, layers, config"
    " FROM lambda_version"
)


# ---- functions and their versions
def deployed(tx: Tx, name: str, qualifier: str, draw: float | None = None) -> Deployed | None:
    """What an invocation needs, in one statement. An alias with two versions chooses by `draw`,
    or at random."""
    version = qualifier
    if is_alias(qualifier):
        alias = alias_rows.find(tx, name, qualifier)
        if alias is None:
            return None
        version = alias.choose(tx.random.random() if draw is None else draw)
    row = tx.connection.execute(
        "SELECT v.account, v.region, v.name, v.version, v.deployed, v.source, v.layers, v.config,"
        " f.reserved"
        " FROM lambda_version v JOIN lambda_function f"
        " ON f.account = v.account AND f.region = v.region AND f.name = v.name"
        " WHERE v.account = ? AND v.region = ? AND v.name = ? AND v.version = ?",
        (tx.account, tx.region, name, version),
    ).fetchone()
    return Deployed(*row) if row else None


def function(tx: Tx, name: str) -> Row | None:
    return tx.one(f"SELECT * FROM lambda_function WHERE {_KEY}", tx.account, tx.region, name)


def version(tx: Tx, name: str, version: str) -> Version | None:
    """Of an alias, the version it names first."""
    if is_alias(version):
        alias = alias_rows.find(tx, name, version)
        version = alias.version if alias else version
    row = tx.one(f"{_VERSION} WHERE {_KEY} AND version = ?", tx.account, tx.region, name, version)
    return _version(row) if row else None


def versions(tx: Tx, name: str) -> list[Version]:
    """`$LATEST` first, then by number."""
    rows = tx.all(f"{_VERSION} WHERE {_KEY} ORDER BY number", tx.account, tx.region, name)
    return [_version(row) for row in rows]


def versions_after(
    tx: Tx, after: tuple[str, int], most: int, *, only_latest: bool
) -> list[tuple[Version, int]]:
    """Versions of all functions, by name and number, after the given ones."""
    rows = tx.all(
        f"{_VERSION.replace(' config', ' config, number')} WHERE account = ? AND region = ?"
        " AND (name > ? OR (name = ? AND number > ?)) AND (number = 0 OR ?)"
        " ORDER BY name, number LIMIT ?",
        tx.account, tx.region, after[0], after[0], after[1], 0 if only_latest else 1, most,
    )  # fmt: skip
    return [(_version(row), row["number"]) for row in rows]


def _version(row: Row) -> Version:
    return Version(
        account=row["account"],
        region=row["region"],
        name=row["name"],
        version=row["version"],
        revision=row["revision"],
        deployed=row["deployed"],
        source=Source(**json.loads(row["source"])),
        modified=row["modified"],
        config=json.loads(row["config"]),
        layers=tuple(map(Layer.of, json.loads(row["layers"]))),
    )


def add_function(tx: Tx, v: Version) -> None:
    tx.run(
        "INSERT INTO lambda_function (account, region, name, created, reserved, last_version)"
        " VALUES (?, ?, ?, ?, NULL, 0)",
        v.account, v.region, v.name, tx.now,
    )  # fmt: skip
    add_version(tx, v)


def add_version(tx: Tx, v: Version) -> None:
    number = 0 if v.version == LATEST else int(v.version)
    tx.run(
        "INSERT INTO lambda_version (account, region, name, version, number, revision, deployed,"
        " code, code_size, source, modified, layers, config)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        v.account, v.region, v.name, v.version, number, v.revision, v.deployed,
        v.source.code, v.source.size, _source(v), v.modified, _layers(v), json.dumps(v.config),
    )  # fmt: skip
    for blob in v.blobs:
        tx.blobs.keep(tx.connection, blob, tx.now)


def change_version(tx: Tx, old: Version, new: Version) -> None:
    tx.run(
        "UPDATE lambda_version SET revision = ?, deployed = ?, code = ?, code_size = ?,"
        f" source = ?, modified = ?, layers = ?, config = ? WHERE {_KEY} AND version = ?",
        new.revision, new.deployed, new.source.code, new.source.size, _source(new), new.modified,
        _layers(new), json.dumps(new.config), new.account, new.region, new.name, new.version,
    )  # fmt: skip
    for blob in new.blobs:
        tx.blobs.keep(tx.connection, blob, tx.now)
    for blob in old.blobs:
        tx.blobs.drop(tx.connection, blob, tx.now)


def _source(v: Version) -> str:
    return json.dumps(v.source.as_json())


def _layers(v: Version) -> str:
    return json.dumps([layer.as_json() for layer in v.layers])


def next_version(tx: Tx, name: str) -> str:
    """A number that no version of this function has had."""
    key = (tx.account, tx.region, name)
    tx.run(f"UPDATE lambda_function SET last_version = last_version + 1 WHERE {_KEY}", *key)
    row = tx.one(f"SELECT last_version FROM lambda_function WHERE {_KEY}", *key)
    assert row is not None, f"no function {name}"
    return str(row["last_version"])


def remove_version(tx: Tx, v: Version) -> None:
    provisioned.forget(tx, v.name, v.version)
    key = (v.account, v.region, v.name, v.version)
    tx.run(f"DELETE FROM lambda_version WHERE {_KEY} AND version = ?", *key)
    remove_hanging(tx, v.name, v.version)
    for blob in v.blobs:
        tx.blobs.drop(tx.connection, blob, tx.now)


def remove_hanging(tx: Tx, name: str, qualifier: str) -> None:
    """What hangs on a version or an alias: its policy and event-invoke configuration."""
    for table in _HANGING:
        tx.run(
            f"DELETE FROM {table} WHERE {_KEY} AND qualifier = ?",
            tx.account, tx.region, name, qualifier,
        )  # fmt: skip


def remove_function(tx: Tx, name: str) -> None:
    provisioned.forget(tx, name)
    for blob in [blob for v in versions(tx, name) for blob in v.blobs]:
        tx.blobs.drop(tx.connection, blob, tx.now)
    for table in (*_HANGING, "lambda_alias", "lambda_version", "lambda_function"):
        tx.run(f"DELETE FROM {table} WHERE {_KEY}", tx.account, tx.region, name)


def new_revision(tx: Tx, name: str, version: str) -> None:
    """After a change that does not touch what is deployed: a policy."""
    tx.run(
        f"UPDATE lambda_version SET revision = ? WHERE {_KEY} AND version = ?",
        tx.new_id(), tx.account, tx.region, name, version,
    )  # fmt: skip


def usage(tx: Tx) -> tuple[int, int]:
    """Functions of the account in this region, and the bytes of their code, versions included."""
    row = tx.one(
        "SELECT COUNT(DISTINCT name) AS functions, COALESCE(SUM(code_size), 0) AS size"
        " FROM lambda_version WHERE account = ? AND region = ?",
        tx.account, tx.region,
    )  # fmt: skip
    assert row is not None
    return row["functions"], row["size"]


# ---- reserved concurrency
def set_reserved(tx: Tx, name: str, reserved: int | None) -> None:
    tx.run(
        f"UPDATE lambda_function SET reserved = ? WHERE {_KEY}",
        reserved, tx.account, tx.region, name,
    )  # fmt: skip


def reserved_elsewhere(tx: Tx, name: str) -> int:
    """What the account's other functions in this region reserve."""
    row = tx.one(
        "SELECT COALESCE(SUM(reserved), 0) AS total FROM lambda_function"
        " WHERE account = ? AND region = ? AND name <> ?",
        tx.account, tx.region, name,
    )  # fmt: skip
    assert row is not None
    total: int = row["total"]
    return total


# ---- resource policies
def statements(tx: Tx, name: str, qualifier: str) -> list[dict[str, Any]]:
    rows = tx.all(
        f"SELECT statement FROM lambda_permission WHERE {_KEY} AND qualifier = ? ORDER BY position",
        tx.account, tx.region, name, qualifier,
    )  # fmt: skip
    return [json.loads(row["statement"]) for row in rows]


def add_statement(tx: Tx, name: str, qualifier: str, statement: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO lambda_permission (account, region, name, qualifier, sid, position, statement)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        tx.account, tx.region, name, qualifier, statement["Sid"], tx.next_seq(),
        json.dumps(statement),
    )  # fmt: skip


def remove_statement(tx: Tx, name: str, qualifier: str, sid: str) -> bool:
    """False when there was none."""
    return bool(
        tx.run(
            f"DELETE FROM lambda_permission WHERE {_KEY} AND qualifier = ? AND sid = ?",
            tx.account, tx.region, name, qualifier, sid,
        )
    )  # fmt: skip


# ---- event-invoke configuration
def event_invoke(tx: Tx, name: str, qualifier: str) -> Row | None:
    return tx.one(
        f"SELECT * FROM lambda_event_invoke WHERE {_KEY} AND qualifier = ?",
        tx.account, tx.region, name, qualifier,
    )  # fmt: skip


def event_invokes_after(tx: Tx, name: str, after: str, most: int) -> list[Row]:
    return tx.all(
        f"SELECT * FROM lambda_event_invoke WHERE {_KEY} AND qualifier > ?"
        " ORDER BY qualifier LIMIT ?",
        tx.account, tx.region, name, after, most,
    )  # fmt: skip


def put_event_invoke(
    tx: Tx,
    name: str,
    qualifier: str,
    retries: int | None,
    max_age_s: int | None,
    on_success: str | None,
    on_failure: str | None,
) -> None:
    tx.run(
        "INSERT INTO lambda_event_invoke (account, region, name, qualifier, modified, retries,"
        " max_age_s, on_success, on_failure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, name, qualifier) DO UPDATE SET"
        " modified = excluded.modified, retries = excluded.retries,"
        " max_age_s = excluded.max_age_s, on_success = excluded.on_success,"
        " on_failure = excluded.on_failure",
        tx.account, tx.region, name, qualifier, tx.now, retries, max_age_s, on_success, on_failure,
    )  # fmt: skip


def remove_event_invoke(tx: Tx, name: str, qualifier: str) -> bool:
    """False when there was none."""
    return bool(
        tx.run(
            f"DELETE FROM lambda_event_invoke WHERE {_KEY} AND qualifier = ?",
            tx.account, tx.region, name, qualifier,
        )
    )  # fmt: skip


def event_policy(row: Row | None) -> EventPolicy:
    """The retry rules of an event-invoke configuration, AWS's defaults where it has none."""
    if row is None:
        return EventPolicy()
    return EventPolicy(
        retries=MAXIMUM_RETRY_ATTEMPTS if row["retries"] is None else row["retries"],
        max_age_s=MAXIMUM_EVENT_AGE_S if row["max_age_s"] is None else row["max_age_s"],
    )
