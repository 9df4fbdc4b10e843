"""Policies in the store: inline ones, managed ones with their versions, and attachments."""

from __future__ import annotations

from owari.services.iam.core import Entity, Kind, Policy
from owari.services.iam.rows import entity_of
from owari.store.tx import Row, Tx

_OWNED = "account = ? AND kind = ? AND owner = ?"


# ---- inline policies
def put_inline(tx: Tx, owner: Entity, name: str, document: str) -> None:
    tx.run(
        "INSERT INTO iam_inline_policy (account, kind, owner, name, document)"
        " VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (account, kind, owner, name) DO UPDATE SET document = excluded.document",
        tx.account,
        owner.kind.word,
        owner.key,
        name,
        document,
    )


def inline(tx: Tx, owner: Entity) -> dict[str, str]:
    rows = tx.all(
        f"SELECT name, document FROM iam_inline_policy WHERE {_OWNED} ORDER BY name",
        tx.account,
        owner.kind.word,
        owner.key,
    )
    return {row["name"]: row["document"] for row in rows}


def delete_inline(tx: Tx, owner: Entity, name: str) -> bool:
    return (
        tx.run(
            f"DELETE FROM iam_inline_policy WHERE {_OWNED} AND name = ?",
            tx.account,
            owner.kind.word,
            owner.key,
            name,
        )
        == 1
    )


# ---- attached policies
def attach(tx: Tx, owner: Entity, arn: str) -> None:
    tx.run(
        "INSERT INTO iam_attachment (account, kind, owner, arn) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account, kind, owner, arn) DO NOTHING",
        tx.account,
        owner.kind.word,
        owner.key,
        arn,
    )


def detach(tx: Tx, owner: Entity, arn: str) -> bool:
    return (
        tx.run(
            f"DELETE FROM iam_attachment WHERE {_OWNED} AND arn = ?",
            tx.account,
            owner.kind.word,
            owner.key,
            arn,
        )
        == 1
    )


def attached(tx: Tx, owner: Entity) -> list[str]:
    rows = tx.all(
        f"SELECT arn FROM iam_attachment WHERE {_OWNED} ORDER BY arn",
        tx.account,
        owner.kind.word,
        owner.key,
    )
    return [row["arn"] for row in rows]


def holders(tx: Tx, arn: str, kind: Kind) -> list[Entity]:
    """Who the policy is attached to."""
    rows = tx.all(
        "SELECT e.* FROM iam_attachment a JOIN iam_entity e"
        " ON e.account = a.account AND e.kind = a.kind AND e.key = a.owner"
        " WHERE a.account = ? AND a.arn = ? AND a.kind = ? ORDER BY e.key",
        tx.account,
        arn,
        kind.word,
    )
    return [entity_of(kind, row) for row in rows]


def attachment_count(tx: Tx, arn: str) -> int:
    row = tx.one(
        "SELECT COUNT(*) AS n FROM iam_attachment WHERE account = ? AND arn = ?", tx.account, arn
    )
    return int(row["n"]) if row else 0


# ---- managed policies
def _policy(row: Row) -> Policy:
    return Policy(**{name: row[name] for name in Policy.__dataclass_fields__})


def find_policy(tx: Tx, name: str) -> Policy | None:
    row = tx.one("SELECT * FROM iam_policy WHERE account = ? AND key = ?", tx.account, name.lower())
    return _policy(row) if row else None


def policies(tx: Tx) -> list[Policy]:
    rows = tx.all("SELECT * FROM iam_policy WHERE account = ? ORDER BY key", tx.account)
    return [_policy(row) for row in rows]


def put_policy(tx: Tx, policy: Policy) -> None:
    tx.run(
        "INSERT INTO iam_policy (account, key, name, id, path, description, default_version,"
        " last_version, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, key) DO UPDATE SET default_version = excluded.default_version,"
        " last_version = excluded.last_version, updated = excluded.updated",
        policy.account,
        policy.name.lower(),
        policy.name,
        policy.id,
        policy.path,
        policy.description,
        policy.default_version,
        policy.last_version,
        policy.created,
        policy.updated,
    )


def delete_policy(tx: Tx, policy: Policy) -> None:
    key = (tx.account, policy.name.lower())
    tx.run("DELETE FROM iam_policy_version WHERE account = ? AND policy = ?", *key)
    tx.run("DELETE FROM iam_policy WHERE account = ? AND key = ?", *key)
    tx.resources.deleted(policy.arn)


def put_version(tx: Tx, policy: Policy, version: int, document: str) -> None:
    tx.run(
        "INSERT INTO iam_policy_version (account, policy, version, document, created)"
        " VALUES (?, ?, ?, ?, ?)",
        tx.account,
        policy.name.lower(),
        version,
        document,
        tx.now,
    )


def versions(tx: Tx, policy: Policy) -> list[Row]:
    """Newest first: version, document, created."""
    return tx.all(
        "SELECT version, document, created FROM iam_policy_version"
        " WHERE account = ? AND policy = ? ORDER BY version DESC",
        tx.account,
        policy.name.lower(),
    )


def delete_version(tx: Tx, policy: Policy, version: int) -> None:
    tx.run(
        "DELETE FROM iam_policy_version WHERE account = ? AND policy = ? AND version = ?",
        tx.account,
        policy.name.lower(),
        version,
    )
