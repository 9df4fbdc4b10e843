"""Activities, as rows."""

from __future__ import annotations

from owari.store.encode import dumps
from owari.store.tx import Row, Tx


def find(tx: Tx, name: str) -> Row | None:
    return tx.one(
        "SELECT * FROM sfn_activity WHERE account = ? AND region = ? AND name = ?",
        tx.account,
        tx.region,
        name,
    )


def add(tx: Tx, name: str, encryption: dict[str, object] | None) -> None:
    tx.run(
        "INSERT INTO sfn_activity (account, region, name, encryption, created)"
        " VALUES (?, ?, ?, ?, ?)",
        tx.account,
        tx.region,
        name,
        dumps(encryption) if encryption else None,
        tx.now,
    )


def delete(tx: Tx, name: str) -> int:
    return tx.run(
        "DELETE FROM sfn_activity WHERE account = ? AND region = ? AND name = ?",
        tx.account,
        tx.region,
        name,
    )


def page(tx: Tx, after: str, most: int) -> list[Row]:
    return tx.all(
        "SELECT * FROM sfn_activity WHERE account = ? AND region = ? AND name > ?"
        " ORDER BY name LIMIT ?",
        tx.account,
        tx.region,
        after,
        most,
    )
