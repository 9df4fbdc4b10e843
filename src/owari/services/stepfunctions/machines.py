"""State machines and their versions, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.services.stepfunctions.core import MachineRef, machine_arn
from owari.services.stepfunctions.faults import no_machine
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx


@dataclass(frozen=True, slots=True)
class StateMachine:
    """`number` is set for a version; `versions` is the highest number ever published."""

    name: str
    type: str
    definition: str
    role_arn: str
    revision: str | None
    settings: dict[str, Any]
    created: float
    updated: float
    versions: int = 0
    number: int | None = None
    description: str | None = None

    @property
    def express(self) -> bool:
        return self.type == "EXPRESS"


def find(tx: Tx, name: str) -> StateMachine | None:
    row = tx.one(
        "SELECT * FROM sfn_machine WHERE account = ? AND region = ? AND name = ?",
        tx.account,
        tx.region,
        name,
    )
    return _machine(row) if row else None


def _machine(row: Row) -> StateMachine:
    return StateMachine(
        row["name"],
        row["type"],
        row["definition"],
        row["role_arn"],
        row["revision"],
        loads(row["settings"]),
        row["created"],
        row["updated"],
        row["versions"],
    )


def existing(tx: Tx, ref: MachineRef, arn: str) -> StateMachine:
    """The machine itself, whatever the qualifier. Raises StateMachineDoesNotExist."""
    found = find(tx, ref.name)
    if found is None:
        raise no_machine(arn)
    return found


def put(tx: Tx, m: StateMachine) -> None:
    tx.run(
        "INSERT INTO sfn_machine (account, region, name, type, definition, role_arn, revision,"
        " settings, versions, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, name) DO UPDATE SET definition = excluded.definition,"
        " role_arn = excluded.role_arn, revision = excluded.revision,"
        " settings = excluded.settings, versions = excluded.versions,"
        " updated = excluded.updated",
        tx.account, tx.region, m.name, m.type, m.definition, m.role_arn, m.revision,
        dumps(m.settings), m.versions, m.created, m.updated,
    )  # fmt: skip


def delete(tx: Tx, name: str) -> None:
    for table, column in (("machine", "name"), ("version", "machine"), ("alias", "machine")):
        tx.run(
            f"DELETE FROM sfn_{table} WHERE account = ? AND region = ? AND {column} = ?",
            tx.account,
            tx.region,
            name,
        )


def page(tx: Tx, after: str, most: int) -> list[StateMachine]:
    rows = tx.all(
        "SELECT * FROM sfn_machine WHERE account = ? AND region = ? AND name > ?"
        " ORDER BY name LIMIT ?",
        tx.account,
        tx.region,
        after,
        most,
    )
    return [_machine(row) for row in rows]


# ---- versions
def find_version(tx: Tx, machine: StateMachine, number: int) -> StateMachine | None:
    row = tx.one(
        "SELECT * FROM sfn_version WHERE account = ? AND region = ? AND machine = ? AND number = ?",
        tx.account,
        tx.region,
        machine.name,
        number,
    )
    return _version(row, machine) if row else None


def _version(row: Row, machine: StateMachine) -> StateMachine:
    return StateMachine(
        machine.name,
        machine.type,
        row["definition"],
        row["role_arn"],
        row["revision"],
        loads(row["settings"]),
        row["created"],
        row["created"],
        number=row["number"],
        description=row["description"],
    )


def add_version(tx: Tx, m: StateMachine, description: str | None) -> int:
    """Publishes what the machine is now; returns the new number."""
    number = m.versions + 1
    tx.run(
        "INSERT INTO sfn_version (account, region, machine, number, definition, role_arn,"
        " revision, settings, description, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        tx.account, tx.region, m.name, number, m.definition, m.role_arn, m.revision,
        dumps(m.settings), description, tx.now,
    )  # fmt: skip
    tx.run(
        "UPDATE sfn_machine SET versions = ? WHERE account = ? AND region = ? AND name = ?",
        number,
        tx.account,
        tx.region,
        m.name,
    )
    return number


def latest_version(tx: Tx, name: str) -> Row | None:
    return tx.one(
        "SELECT * FROM sfn_version WHERE account = ? AND region = ? AND machine = ?"
        " ORDER BY number DESC LIMIT 1",
        tx.account,
        tx.region,
        name,
    )


def versions_before(tx: Tx, name: str, before: int, most: int) -> list[Row]:
    return tx.all(
        "SELECT number, created FROM sfn_version WHERE account = ? AND region = ?"
        " AND machine = ? AND number < ? ORDER BY number DESC LIMIT ?",
        tx.account,
        tx.region,
        name,
        before,
        most,
    )


def delete_version(tx: Tx, name: str, number: int) -> None:
    tx.run(
        "DELETE FROM sfn_version WHERE account = ? AND region = ? AND machine = ? AND number = ?",
        tx.account,
        tx.region,
        name,
        number,
    )


def arn_of(tx: Tx, name: str, qualifier: str | int | None = None) -> str:
    return machine_arn(tx.region, tx.account, name, None if qualifier is None else str(qualifier))
