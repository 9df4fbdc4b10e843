"""Definitions: checked, stored once by their digest, compiled once per process."""

from __future__ import annotations

import hashlib

from owari.services.stepfunctions.asl.definition import Machine
from owari.services.stepfunctions.asl.diagnostics import message_of
from owari.services.stepfunctions.asl.validation import load
from owari.services.stepfunctions.faults import fault
from owari.store.tx import Tx

COMPILED_MAX = 512


def digest(text: str, express: bool) -> str:
    return hashlib.sha256(f"{'E' if express else 'S'}{text}".encode()).hexdigest()


def checked(tx: Tx, text: str, express: bool) -> str:
    """Stores a definition and returns its id. Raises InvalidDefinition."""
    machine, found = load(text, express=express)
    if machine is None:
        raise fault("InvalidDefinition", message_of(found))
    made = digest(text, express)
    tx.run(
        "INSERT INTO sfn_definition (account, id, text) VALUES (?, ?, ?)"
        " ON CONFLICT (account, id) DO NOTHING",
        tx.account,
        made,
        text,
    )
    _remember(tx, made, machine)
    return made


def text_of(tx: Tx, definition: str) -> str:
    row = tx.one(
        "SELECT text FROM sfn_definition WHERE account = ? AND id = ?", tx.account, definition
    )
    assert row is not None, f"definition {definition} is gone"
    return str(row["text"])


def compiled(tx: Tx, definition: str, part: str = "") -> Machine:
    """The machine, or a part of it as a child execution of a distributed Map runs it."""
    key = f"{definition}{part}"
    known: dict[str, Machine] = tx.cache.setdefault("stepfunctions.machines", {})
    found = known.get(key)
    if found is None:
        found = compiled(tx, definition).sub(part) if part else _compile(tx, definition)
        _remember(tx, key, found)
    return found


def _compile(tx: Tx, definition: str) -> Machine:
    machine, found = load(text_of(tx, definition))
    assert machine is not None, f"a stored definition is not valid any more: {found}"
    return machine


def forget_unused(tx: Tx, most: int) -> None:
    """Some of those that no machine, version or execution has any more."""
    tx.run(
        "DELETE FROM sfn_definition WHERE (account, id) IN (SELECT d.account, d.id"
        " FROM sfn_definition d WHERE (d.account, d.id) NOT IN"
        " (SELECT account, definition FROM sfn_machine"
        " UNION ALL SELECT account, definition FROM sfn_version)"
        " AND NOT EXISTS (SELECT 1 FROM sfn_execution e WHERE e.definition = d.id"
        " AND e.account = d.account) LIMIT ?)",
        most,
    )


def _remember(tx: Tx, key: str, machine: Machine) -> None:
    known: dict[str, Machine] = tx.cache.setdefault("stepfunctions.machines", {})
    while len(known) >= COMPILED_MAX:
        del known[next(iter(known))]
    known[key] = machine
