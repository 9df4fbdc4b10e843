"""Rows that are known by a name within an account and region: archives, replays, connections and
API destinations."""

from __future__ import annotations

from owari.store.tx import Row, Tx

_HERE = "account = ? AND region = ?"


def find(tx: Tx, table: str, name: str) -> Row | None:
    return tx.one(f"SELECT * FROM {table} WHERE {_HERE} AND name = ?", tx.account, tx.region, name)


def every(tx: Tx, table: str) -> list[Row]:
    """By name."""
    return tx.all(f"SELECT * FROM {table} WHERE {_HERE} ORDER BY name", tx.account, tx.region)


def delete(tx: Tx, table: str, name: str) -> None:
    tx.run(f"DELETE FROM {table} WHERE {_HERE} AND name = ?", tx.account, tx.region, name)
