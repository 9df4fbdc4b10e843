"""Connections and API destinations in the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.services.events import named_rows
from owari.services.events.faults import not_found
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

_CONNECTIONS = "events_connection"
_DESTINATIONS = "events_destination"


@dataclass(frozen=True, slots=True)
class Connection:
    """`kind` is the AuthorizationType; `parameters` are AuthParameters, secrets included."""

    name: str
    arn: str
    description: str | None
    kind: str
    parameters: dict[str, Any]
    state: str
    created: float
    modified: float


@dataclass(frozen=True, slots=True)
class Destination:
    """`settings` are those of CreateApiDestination, without its name."""

    name: str
    arn: str
    settings: dict[str, Any]
    created: float
    modified: float


def find_connection(tx: Tx, name: str) -> Connection | None:
    row = named_rows.find(tx, _CONNECTIONS, name)
    return _connection(row) if row else None


def connection_of(tx: Tx, name: str) -> Connection:
    found = find_connection(tx, name)
    if found is None:
        raise not_found(f"Connection '{name}' does not exist.")
    return found


def connection_named(tx: Tx, arn: str) -> Connection:
    row = tx.one("SELECT * FROM events_connection WHERE arn = ?", arn)
    if row is None:
        raise not_found(f"Connection '{arn.split('/')[1] if '/' in arn else arn}' does not exist.")
    return _connection(row)


def connections(tx: Tx) -> list[Connection]:
    return [_connection(row) for row in named_rows.every(tx, _CONNECTIONS)]


def save_connection(tx: Tx, c: Connection) -> None:
    tx.run(
        "INSERT INTO events_connection (account, region, name, arn, description, kind, parameters,"
        " state, created, modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, name) DO UPDATE SET description = excluded.description,"
        " kind = excluded.kind, parameters = excluded.parameters, state = excluded.state,"
        " modified = excluded.modified",
        tx.account,
        tx.region,
        c.name,
        c.arn,
        c.description,
        c.kind,
        dumps(c.parameters),
        c.state,
        c.created,
        tx.now,
    )


def delete_connection(tx: Tx, name: str) -> None:
    named_rows.delete(tx, _CONNECTIONS, name)


def _connection(row: Row) -> Connection:
    return Connection(
        name=row["name"],
        arn=row["arn"],
        description=row["description"],
        kind=row["kind"],
        parameters=loads(row["parameters"]),
        state=row["state"],
        created=row["created"],
        modified=row["modified"],
    )


def find_destination(tx: Tx, name: str) -> Destination | None:
    row = named_rows.find(tx, _DESTINATIONS, name)
    return _destination(row) if row else None


def destination_of(tx: Tx, name: str) -> Destination:
    found = find_destination(tx, name)
    if found is None:
        raise not_found(f"An api-destination '{name}' does not exist.")
    return found


def destination_named(tx: Tx, arn: str) -> Destination | None:
    row = tx.one("SELECT * FROM events_destination WHERE arn = ?", arn)
    return _destination(row) if row else None


def destinations(tx: Tx) -> list[Destination]:
    return [_destination(row) for row in named_rows.every(tx, _DESTINATIONS)]


def save_destination(tx: Tx, d: Destination) -> None:
    tx.run(
        "INSERT INTO events_destination (account, region, name, arn, settings, created, modified)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, name) DO UPDATE"
        " SET settings = excluded.settings, modified = excluded.modified",
        tx.account,
        tx.region,
        d.name,
        d.arn,
        dumps(d.settings),
        d.created,
        tx.now,
    )


def delete_destination(tx: Tx, name: str) -> None:
    named_rows.delete(tx, _DESTINATIONS, name)


def _destination(row: Row) -> Destination:
    return Destination(
        row["name"], row["arn"], loads(row["settings"]), row["created"], row["modified"]
    )
