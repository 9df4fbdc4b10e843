"""Every statement on clusters, task definitions, tokens and settings, by intent."""

from __future__ import annotations

from typing import Any

from owari.store.encode import dumps
from owari.store.tx import Row, Tx

_PLACE = "account = ? AND region = ?"


# ---- clusters
def cluster(tx: Tx, name: str) -> Row | None:
    return tx.one(
        f"SELECT * FROM ecs_cluster WHERE {_PLACE} AND name = ?", tx.account, tx.region, name
    )


def clusters_after(tx: Tx, after: str, most: int) -> list[Row]:
    return tx.all(
        f"SELECT * FROM ecs_cluster WHERE {_PLACE} AND name > ? AND status = 'ACTIVE'"
        " ORDER BY name LIMIT ?",
        tx.account, tx.region, after, most,
    )  # fmt: skip


def save_cluster(tx: Tx, name: str, status: str, body: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO ecs_cluster (account, region, name, status, body) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, name) DO UPDATE SET status = excluded.status,"
        " body = excluded.body",
        tx.account, tx.region, name, status, dumps(body),
    )  # fmt: skip


# ---- task definitions
def definition(tx: Tx, family: str, revision: int | None) -> Row | None:
    """A revision, or the newest active one."""
    if revision is not None:
        return tx.one(
            f"SELECT * FROM ecs_definition WHERE {_PLACE} AND family = ? AND revision = ?",
            tx.account, tx.region, family, revision,
        )  # fmt: skip
    return tx.one(
        f"SELECT * FROM ecs_definition WHERE {_PLACE} AND family = ? AND status = 'ACTIVE'"
        " ORDER BY revision DESC LIMIT 1",
        tx.account, tx.region, family,
    )  # fmt: skip


def next_revision(tx: Tx, family: str) -> int:
    """A number that no revision of this family has had, deleted ones included."""
    row = tx.one(
        "INSERT INTO ecs_family (account, region, family, last_revision) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (account, region, family) DO UPDATE SET last_revision = last_revision + 1"
        " RETURNING last_revision",
        tx.account, tx.region, family,
    )  # fmt: skip
    assert row is not None
    return int(row["last_revision"])


def save_definition(tx: Tx, family: str, revision: int, status: str, body: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO ecs_definition (account, region, family, revision, status, body)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, family, revision)"
        " DO UPDATE SET status = excluded.status, body = excluded.body",
        tx.account, tx.region, family, revision, status, dumps(body),
    )  # fmt: skip


def definitions(tx: Tx, prefix: str | None, status: str) -> list[Row]:
    return tx.all(
        f"SELECT family, revision FROM ecs_definition WHERE {_PLACE} AND status = ?"
        " AND (? IS NULL OR family = ?) ORDER BY family, revision",
        tx.account, tx.region, status, prefix, prefix,
    )  # fmt: skip


def families(tx: Tx) -> list[Row]:
    return tx.all(
        "SELECT family, MAX(CASE WHEN status = 'ACTIVE' THEN 1 ELSE 0 END) AS active"
        f" FROM ecs_definition WHERE {_PLACE} GROUP BY family ORDER BY family",
        tx.account, tx.region,
    )  # fmt: skip


# ---- client tokens
def token(tx: Tx, name: str, not_before: float) -> Row | None:
    return tx.one(
        f"SELECT * FROM ecs_token WHERE {_PLACE} AND token = ? AND created >= ?",
        tx.account, tx.region, name, not_before,
    )  # fmt: skip


def save_token(tx: Tx, name: str, request: str, answer: str, not_before: float) -> None:
    tx.run("DELETE FROM ecs_token WHERE created < ?", not_before)
    tx.run(
        "INSERT INTO ecs_token (account, region, token, request, answer, created)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        tx.account, tx.region, name, request, answer, tx.now,
    )  # fmt: skip
