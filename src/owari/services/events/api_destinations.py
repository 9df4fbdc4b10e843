"""API destinations: HTTP endpoints that rules send events to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari.arn import make_arn
from owari.services.events import web_rows
from owari.services.events.faults import exists
from owari.services.events.paging import page
from owari.services.events.web_rows import Destination
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

_SETTINGS = (
    *("Description", "ConnectionArn", "InvocationEndpoint", "HttpMethod"),
    "InvocationRateLimitPerSecond",
)
RATE = 300


@operation("events", "CreateApiDestination")
def create_api_destination(tx: Tx, p: Params) -> Result:
    name = p["Name"]
    if web_rows.find_destination(tx, name) is not None:
        raise exists(f"An api-destination '{name}' already exists.")
    web_rows.connection_named(tx, p["ConnectionArn"])
    settings = {"InvocationRateLimitPerSecond": RATE} | {k: p[k] for k in _SETTINGS if k in p}
    arn = make_arn("events", tx.region, tx.account, f"api-destination/{name}/{tx.new_id()}")
    destination = Destination(name, arn, settings, tx.now, tx.now)
    web_rows.save_destination(tx, destination)
    tx.resources.created(arn, "AWS::Events::ApiDestination")
    return _answer(tx, destination)


@operation("events", "UpdateApiDestination")
def update_api_destination(tx: Tx, p: Params) -> Result:
    old = web_rows.destination_of(tx, p["Name"])
    if "ConnectionArn" in p:
        web_rows.connection_named(tx, p["ConnectionArn"])
    settings = old.settings | {k: p[k] for k in _SETTINGS if k in p}
    destination = replace(old, settings=settings, modified=tx.now)
    web_rows.save_destination(tx, destination)
    return _answer(tx, destination)


@operation("events", "DeleteApiDestination")
def delete_api_destination(tx: Tx, p: Params) -> Result:
    destination = web_rows.destination_of(tx, p["Name"])
    web_rows.delete_destination(tx, destination.name)
    tx.resources.deleted(destination.arn)
    return {}


@operation("events", "DescribeApiDestination", reads=True)
def describe_api_destination(tx: Tx, p: Params) -> Result:
    destination = web_rows.destination_of(tx, p["Name"])
    return _answer(tx, destination) | {"Name": destination.name} | destination.settings


@operation("events", "ListApiDestinations", reads=True)
def list_api_destinations(tx: Tx, p: Params) -> Result:
    found = [
        (d.name, _listed(tx, d))
        for d in web_rows.destinations(tx)
        if d.name.startswith(p.get("NamePrefix", ""))
        and p.get("ConnectionArn", d.settings["ConnectionArn"]) == d.settings["ConnectionArn"]
    ]
    return page(p, "ApiDestinations", found)


def _listed(tx: Tx, destination: Destination) -> dict[str, Any]:
    shown = {k: v for k, v in destination.settings.items() if k != "Description"}
    return _answer(tx, destination) | {"Name": destination.name} | shown


def _answer(tx: Tx, destination: Destination) -> dict[str, Any]:
    """Inactive while its connection is gone or has no authorization."""
    arn = destination.settings["ConnectionArn"]
    connection = next((c for c in web_rows.connections(tx) if c.arn == arn), None)
    active = connection is not None and connection.state == "AUTHORIZED"
    return {
        "ApiDestinationArn": destination.arn,
        "ApiDestinationState": "ACTIVE" if active else "INACTIVE",
        "CreationTime": destination.created,
        "LastModifiedTime": destination.modified,
    }
