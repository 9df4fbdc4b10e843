"""Every statement on environments, queues, policies, consumables and definitions, by intent."""

from __future__ import annotations

from typing import Any

from owari.services.batch.lines import resource_key
from owari.store.encode import dumps
from owari.store.tx import Row, Tx

_KEY = "account = ? AND region = ? AND name = ?"
_PAGE = "WHERE account = ? AND region = ? AND name > ? ORDER BY name LIMIT ?"


# ---- compute environments
def environment(tx: Tx, name: str) -> Row | None:
    return tx.one(f"SELECT * FROM batch_environment WHERE {_KEY}", tx.account, tx.region, name)


def environments_after(tx: Tx, after: str, most: int) -> list[Row]:
    return tx.all(f"SELECT * FROM batch_environment {_PAGE}", tx.account, tx.region, after, most)


def insert_environment(tx: Tx, name: str, uuid: str, state: str, body: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO batch_environment (account, region, name, created, uuid, state, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        tx.account, tx.region, name, tx.now, uuid, state, dumps(body),
    )  # fmt: skip


def update_environment(tx: Tx, name: str, state: str, body: dict[str, Any]) -> None:
    tx.run(
        f"UPDATE batch_environment SET state = ?, body = ? WHERE {_KEY}",
        state, dumps(body), tx.account, tx.region, name,
    )  # fmt: skip


def delete_environment(tx: Tx, name: str) -> None:
    tx.run(f"DELETE FROM batch_environment WHERE {_KEY}", tx.account, tx.region, name)


def tasks_in_environment(tx: Tx, name: str) -> list[Row]:
    """Claims of what runs there now."""
    return tx.all(
        "SELECT claims FROM batch_held WHERE account = ? AND region = ? AND environment = ?",
        tx.account, tx.region, name,
    )  # fmt: skip


# ---- job queues
def queue(tx: Tx, name: str) -> Row | None:
    return tx.one(f"SELECT * FROM batch_queue WHERE {_KEY}", tx.account, tx.region, name)


def queues_after(tx: Tx, after: str, most: int) -> list[Row]:
    return tx.all(f"SELECT * FROM batch_queue {_PAGE}", tx.account, tx.region, after, most)


def queues(tx: Tx) -> list[Row]:
    return tx.all(
        "SELECT * FROM batch_queue WHERE account = ? AND region = ?", tx.account, tx.region
    )


def save_queue(
    tx: Tx, name: str, state: str, priority: int, policy: str | None, body: dict[str, Any]
) -> None:
    tx.run(
        "INSERT INTO batch_queue (account, region, name, created, state, priority, policy, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, name) DO UPDATE SET"
        " state = excluded.state, priority = excluded.priority, policy = excluded.policy,"
        " body = excluded.body",
        tx.account, tx.region, name, tx.now, state, priority, policy, dumps(body),
    )  # fmt: skip


def delete_queue(tx: Tx, name: str) -> None:
    tx.run(f"DELETE FROM batch_queue WHERE {_KEY}", tx.account, tx.region, name)
    tx.run("DELETE FROM batch_share WHERE queue = ?", resource_key(tx.account, tx.region, name))


# ---- scheduling policies
def policy(tx: Tx, name: str) -> Row | None:
    return tx.one(f"SELECT * FROM batch_policy WHERE {_KEY}", tx.account, tx.region, name)


def policies_after(tx: Tx, after: str, most: int) -> list[Row]:
    return tx.all(f"SELECT * FROM batch_policy {_PAGE}", tx.account, tx.region, after, most)


def save_policy(tx: Tx, name: str, body: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO batch_policy (account, region, name, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account, region, name) DO UPDATE SET body = excluded.body",
        tx.account, tx.region, name, dumps(body),
    )  # fmt: skip


def delete_policy(tx: Tx, name: str) -> None:
    tx.run(f"DELETE FROM batch_policy WHERE {_KEY}", tx.account, tx.region, name)


# ---- consumable resources
def consumable(tx: Tx, name: str) -> Row | None:
    return tx.one(f"SELECT * FROM batch_consumable WHERE {_KEY}", tx.account, tx.region, name)


def consumables_after(tx: Tx, after: str, most: int) -> list[Row]:
    return tx.all(f"SELECT * FROM batch_consumable {_PAGE}", tx.account, tx.region, after, most)


def insert_consumable(tx: Tx, name: str, type: str, total: int) -> None:
    tx.run(
        "INSERT INTO batch_consumable (account, region, name, created, type, total)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        tx.account, tx.region, name, tx.now, type, total,
    )  # fmt: skip


def set_consumable(tx: Tx, name: str, total: int) -> None:
    tx.run(
        f"UPDATE batch_consumable SET total = ? WHERE {_KEY}", total, tx.account, tx.region, name
    )


def delete_consumable(tx: Tx, name: str) -> None:
    tx.run(f"DELETE FROM batch_consumable WHERE {_KEY}", tx.account, tx.region, name)


def claims_now(tx: Tx) -> list[Row]:
    """What the account's running jobs hold."""
    return tx.all(
        "SELECT claims FROM batch_held WHERE account = ? AND region = ?",
        tx.account, tx.region,
    )  # fmt: skip


# ---- job definitions
def definition(tx: Tx, name: str, revision: int) -> Row | None:
    return tx.one(
        f"SELECT * FROM batch_definition WHERE {_KEY} AND revision = ?",
        tx.account, tx.region, name, revision,
    )  # fmt: skip


def newest_definition(tx: Tx, name: str, status: str = "%") -> Row | None:
    return tx.one(
        f"SELECT * FROM batch_definition WHERE {_KEY} AND status LIKE ?"
        " ORDER BY revision DESC LIMIT 1",
        tx.account, tx.region, name, status,
    )  # fmt: skip


def insert_definition(tx: Tx, name: str, revision: int, body: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO batch_definition (account, region, name, revision, status, body)"
        " VALUES (?, ?, ?, ?, 'ACTIVE', ?)",
        tx.account, tx.region, name, revision, dumps(body),
    )  # fmt: skip


def deactivate_definition(tx: Tx, name: str, revision: int) -> None:
    tx.run(
        "UPDATE batch_definition SET status = 'INACTIVE', deregistered = ?"
        f" WHERE {_KEY} AND revision = ? AND status = 'ACTIVE'",
        tx.now, tx.account, tx.region, name, revision,
    )  # fmt: skip


def definitions_after(
    tx: Tx, after: tuple[str, int], most: int, *, name: str | None, status: str | None
) -> list[Row]:
    """By name, newest revision first."""
    return tx.all(
        "SELECT * FROM batch_definition WHERE account = ? AND region = ?"
        " AND (name > ? OR (name = ? AND revision < ?))"
        " AND (? IS NULL OR name = ?) AND (? IS NULL OR status = ?)"
        " ORDER BY name, revision DESC LIMIT ?",
        tx.account, tx.region, after[0], after[0], after[1], name, name, status, status, most,
    )  # fmt: skip
