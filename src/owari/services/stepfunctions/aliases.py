"""Aliases, as rows, and which version an execution started through one gets."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.core import MachineRef
from owari.services.stepfunctions.faults import no_machine
from owari.services.stepfunctions.machines import StateMachine, existing, find_version
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

Routing = list[dict[str, Any]]
_HERE = "account = ? AND region = ? AND machine = ?"


def find(tx: Tx, machine: str, name: str) -> Row | None:
    return tx.one(
        f"SELECT * FROM sfn_alias WHERE {_HERE} AND name = ?", tx.account, tx.region, machine, name
    )


def put(tx: Tx, machine: str, name: str, description: str | None, routing: Routing) -> None:
    tx.run(
        "INSERT INTO sfn_alias (account, region, machine, name, description, routing, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, machine, name) DO UPDATE"
        " SET description = excluded.description, routing = excluded.routing,"
        " updated = excluded.created",
        tx.account, tx.region, machine, name, description, dumps(routing), tx.now,
    )  # fmt: skip


def delete(tx: Tx, machine: str, name: str) -> None:
    tx.run(
        f"DELETE FROM sfn_alias WHERE {_HERE} AND name = ?", tx.account, tx.region, machine, name
    )


def all_of(tx: Tx, machine: str) -> list[Row]:
    return tx.all(
        f"SELECT * FROM sfn_alias WHERE {_HERE} ORDER BY name", tx.account, tx.region, machine
    )


def routing_of(row: Row) -> Routing:
    routing: Routing = loads(row["routing"])
    return routing


def chosen(tx: Tx, ref: MachineRef, arn: str) -> StateMachine:
    """What an execution of `arn` runs: the machine, a version, or one of an alias' versions by
    weight. Raises StateMachineDoesNotExist."""
    machine = existing(tx, ref, arn)
    if ref.qualifier is None:
        return machine
    number = _number(tx, ref)
    found = find_version(tx, machine, number) if number is not None else None
    if found is None:
        raise no_machine(arn)
    return found


def _number(tx: Tx, ref: MachineRef) -> int | None:
    assert ref.qualifier is not None
    if ref.version is not None:
        return ref.version
    row = find(tx, ref.name, ref.qualifier)
    if row is None:
        return None
    drawn = tx.random.random() * 100
    for route in routing_of(row):
        drawn -= route["weight"]
        if drawn < 0:
            break
    return int(route["stateMachineVersionArn"].rpartition(":")[2])
