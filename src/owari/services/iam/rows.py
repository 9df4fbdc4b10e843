"""Entities, memberships and policies in the store."""

from __future__ import annotations

from owari.services.iam.core import Entity, Kind, Policy, unique_id
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

_ENTITY = "account = ? AND kind = ? AND key = ?"
_OWNED = "account = ? AND kind = ? AND owner = ?"


def new_id(tx: Tx, prefix: str) -> str:
    return unique_id(prefix, tx.random.choice)


# ---- entities
def _entity(kind: Kind, row: Row) -> Entity:
    return Entity(
        kind=kind,
        account=row["account"],
        name=row["name"],
        id=row["id"],
        path=row["path"],
        created=row["created"],
        details=loads(row["details"]),
    )


def find(tx: Tx, kind: Kind, name: str) -> Entity | None:
    row = tx.one(f"SELECT * FROM iam_entity WHERE {_ENTITY}", tx.account, kind.word, name.lower())
    return _entity(kind, row) if row else None


def get(tx: Tx, kind: Kind, name: str) -> Entity:
    """Raises NoSuchEntity."""
    entity = find(tx, kind, name)
    if entity is None:
        raise kind.absent(name)
    return entity


def listed(tx: Tx, kind: Kind, path_prefix: str = "/") -> list[Entity]:
    rows = tx.all(
        "SELECT * FROM iam_entity WHERE account = ? AND kind = ? ORDER BY key",
        tx.account,
        kind.word,
    )
    found = [_entity(kind, row) for row in rows]
    return [entity for entity in found if entity.path.startswith(path_prefix)]


def create(tx: Tx, kind: Kind, name: str, path: str | None, details: dict[str, object]) -> Entity:
    """Raises EntityAlreadyExists."""
    if find(tx, kind, name) is not None:
        raise kind.present(name)
    entity = Entity(
        kind, tx.account, name, new_id(tx, kind.id_prefix), path or "/", tx.now, details
    )
    put(tx, entity)
    return entity


def put(tx: Tx, entity: Entity) -> None:
    tx.run(
        "INSERT INTO iam_entity (account, kind, key, name, id, path, created, details)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, kind, key) DO UPDATE SET"
        " name = excluded.name, path = excluded.path, details = excluded.details",
        tx.account,
        entity.kind.word,
        entity.key,
        entity.name,
        entity.id,
        entity.path,
        entity.created,
        dumps(entity.details),
    )


def delete(tx: Tx, entity: Entity) -> None:
    tx.run(f"DELETE FROM iam_entity WHERE {_ENTITY}", tx.account, entity.kind.word, entity.key)
    tx.resources.deleted(entity.arn)


def rename(tx: Tx, old: Entity, new: Entity) -> None:
    """Everything that names `old` names `new` afterwards."""
    tags = tx.resources.tags(old.arn)
    delete(tx, old)
    put(tx, new)
    tx.resources.created(new.arn, new.kind.type, tags)
    owned = (new.key, tx.account, old.kind.word, old.key)
    for table in ("iam_inline_policy", "iam_attachment"):
        tx.run(f"UPDATE {table} SET owner = ? WHERE {_OWNED}", *owned)
    tx.run(
        "UPDATE iam_member SET member = ? WHERE account = ? AND member = ?"
        " AND parent_kind = 'Group'",
        new.key,
        tx.account,
        old.key,
    )
    tx.run(
        "UPDATE iam_access_key SET owner = ?, user_arn = ? WHERE account = ? AND owner = ?",
        new.key,
        new.arn,
        tx.account,
        old.key,
    )


# ---- members: users of groups, roles of instance profiles
def join(tx: Tx, parent: Entity, member: Entity) -> None:
    tx.run(
        "INSERT INTO iam_member (account, parent_kind, parent, member) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account, parent_kind, parent, member) DO NOTHING",
        tx.account,
        parent.kind.word,
        parent.key,
        member.key,
    )


def part(tx: Tx, parent: Entity, member: Entity) -> bool:
    """False when it was no member."""
    sql = "DELETE FROM iam_member WHERE account = ? AND parent_kind = ? AND parent = ?"
    args = (tx.account, parent.kind.word, parent.key, member.key)
    return tx.run(f"{sql} AND member = ?", *args) == 1


def members(tx: Tx, parent: Entity, kind: Kind) -> list[Entity]:
    rows = tx.all(
        "SELECT e.* FROM iam_member m JOIN iam_entity e"
        " ON e.account = m.account AND e.kind = ? AND e.key = m.member"
        " WHERE m.account = ? AND m.parent_kind = ? AND m.parent = ? ORDER BY e.key",
        kind.word,
        tx.account,
        parent.kind.word,
        parent.key,
    )
    return [_entity(kind, row) for row in rows]


def parents(tx: Tx, member: Entity, kind: Kind) -> list[Entity]:
    rows = tx.all(
        "SELECT e.* FROM iam_member m JOIN iam_entity e"
        " ON e.account = m.account AND e.kind = m.parent_kind AND e.key = m.parent"
        " WHERE m.account = ? AND m.parent_kind = ? AND m.member = ? ORDER BY e.key",
        tx.account,
        kind.word,
        member.key,
    )
    return [_entity(kind, row) for row in rows]


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
    return [_entity(kind, row) for row in rows]


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
