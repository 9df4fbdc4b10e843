"""Connections: how API destinations are authorized to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari.arn import make_arn
from owari.errors import ServiceError, not_implemented
from owari.services.events import web_rows
from owari.services.events.faults import exists, validation
from owari.services.events.paging import page
from owari.services.events.web_rows import Connection
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

_PARAMETERS = {"BASIC": "BasicAuthParameters", "API_KEY": "ApiKeyAuthParameters"}
_NEEDED = {"BASIC": ("Username", "Password"), "API_KEY": ("ApiKeyName", "ApiKeyValue")}
_SECRET = ("Password", "ApiKeyValue")


@operation("events", "CreateConnection")
def create_connection(tx: Tx, p: Params) -> Result:
    name = p["Name"]
    if web_rows.find_connection(tx, name) is not None:
        raise exists(f"Connection {name} already exists.")
    connection = Connection(
        name=name,
        arn=make_arn("events", tx.region, tx.account, f"connection/{name}/{tx.new_id()}"),
        description=p.get("Description"),
        kind=p["AuthorizationType"],
        parameters=_checked(p["AuthorizationType"], p["AuthParameters"]),
        state="AUTHORIZED",
        created=tx.now,
        modified=tx.now,
    )
    _refuse_private(p)
    web_rows.save_connection(tx, connection)
    tx.resources.created(connection.arn, "AWS::Events::Connection")
    return _answer(connection)


@operation("events", "UpdateConnection")
def update_connection(tx: Tx, p: Params) -> Result:
    old = web_rows.connection_of(tx, p["Name"])
    _refuse_private(p)
    kind = p.get("AuthorizationType", old.kind)
    merged = _merged(old.parameters if kind == old.kind else {}, p.get("AuthParameters", {}))
    connection = replace(
        old,
        description=p.get("Description", old.description),
        kind=kind,
        parameters=_checked(kind, merged),
        state="AUTHORIZED",
        modified=tx.now,
    )
    web_rows.save_connection(tx, connection)
    return _answer(connection)


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return old | {name: old.get(name, {}) | value for name, value in new.items()}


def _refuse_private(p: Params) -> None:
    if "InvocationConnectivityParameters" in p:
        raise not_implemented("events", "CreateConnection to a private API")


def _checked(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    if kind not in _PARAMETERS:
        raise not_implemented("events", f"CreateConnection of type {kind}")
    own = given.get(_PARAMETERS[kind], {})
    if any(name not in own for name in _NEEDED[kind]):
        raise validation(f"Authorization type {kind} requires {_PARAMETERS[kind]}.")
    return given


@operation("events", "DeleteConnection")
def delete_connection(tx: Tx, p: Params) -> Result:
    connection = web_rows.connection_of(tx, p["Name"])
    web_rows.delete_connection(tx, connection.name)
    tx.resources.deleted(connection.arn)
    return _answer(connection) | {"ConnectionState": "DELETING"}


@operation("events", "DeauthorizeConnection")
def deauthorize_connection(tx: Tx, p: Params) -> Result:
    old = web_rows.connection_of(tx, p["Name"])
    if old.state == "DEAUTHORIZED":
        raise ServiceError("IllegalStatusException", f"Connection {old.name} is deauthorized.")
    kept = {k: v for k, v in old.parameters.items() if k not in _PARAMETERS.values()}
    connection = replace(old, parameters=kept, state="DEAUTHORIZED", modified=tx.now)
    web_rows.save_connection(tx, connection)
    return _answer(connection)


@operation("events", "DescribeConnection", reads=True)
def describe_connection(tx: Tx, p: Params) -> Result:
    connection = web_rows.connection_of(tx, p["Name"])
    shown = _shown(connection) | {"AuthParameters": _without_secrets(connection.parameters)}
    about = connection.description
    return shown | ({} if about is None else {"Description": about})


@operation("events", "ListConnections", reads=True)
def list_connections(tx: Tx, p: Params) -> Result:
    found = [
        (connection.name, _shown(connection))
        for connection in web_rows.connections(tx)
        if connection.name.startswith(p.get("NamePrefix", ""))
        and p.get("ConnectionState", connection.state) == connection.state
    ]
    return page(p, "Connections", found)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if not isinstance(value, dict):
        return value
    secret = {"Value"} if value.get("IsValueSecret") else set()
    return {k: _without_secrets(v) for k, v in value.items() if k not in secret | {*_SECRET}}


def _answer(connection: Connection) -> dict[str, Any]:
    return {
        "ConnectionArn": connection.arn,
        "ConnectionState": connection.state,
        "CreationTime": connection.created,
        "LastModifiedTime": connection.modified,
    }


def _shown(connection: Connection) -> dict[str, Any]:
    return _answer(connection) | {
        "Name": connection.name,
        "AuthorizationType": connection.kind,
        "LastAuthorizedTime": connection.modified,
    }
