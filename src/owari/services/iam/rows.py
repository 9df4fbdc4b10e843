"""Roles, users, groups and instance profiles in the store, and who is in what."""

from __future__ import annotations

from owari.services.iam.core import Entity, Kind, unique_id
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

_ENTITY = "account = ? AND kind = ? AND key = ?"
_OWNED = "account = ? AND kind = ? AND owner = ?"


def new_id(tx: Tx, prefix: str) -> str:
    return unique_id(prefix, tx.random.choice)


# ---- entities
def entity_of(kind: Kind, row: Row) -> Entity:
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
    return entity_of(kind, row) if row else None


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
    found = [entity_of(kind, row) for row in rows]
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
    return [entity_of(kind, row) for row in rows]


def parents(tx: Tx, member: Entity, kind: Kind) -> list[Entity]:
    rows = tx.all(
        "SELECT e.* FROM iam_member m JOIN iam_entity e"
        " ON e.account = m.account AND e.kind = m.parent_kind AND e.key = m.parent"
        " WHERE m.account = ? AND m.parent_kind = ? AND m.member = ? ORDER BY e.key",
        tx.account,
        kind.word,
        member.key,
    )
    return [entity_of(kind, row) for row in rows]
