"""Event buses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari.services.events import rows
from owari.services.events.core import BUSES_MAX, DEFAULT, Bus, BusKey, bus_key
from owari.services.events.faults import exists, limit, validation
from owari.services.events.paging import page
from owari.services.events.tags import tags_from
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

TYPE = "AWS::Events::EventBus"
_SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


@operation("events", "CreateEventBus")
def create_event_bus(tx: Tx, p: Params) -> Result:
    key = BusKey(tx.account, tx.region, p["Name"])
    if "EventSourceName" in p or "/" in key.name:
        raise validation("Partner event buses need a partner event source, and there are none.")
    if key.name == DEFAULT or rows.find_bus(tx, key) is not None:
        raise exists(f"Event bus {key.name} already exists.")
    if len(rows.buses(tx)) >= BUSES_MAX:
        raise limit("The requested resource exceeds the maximum number allowed.")
    settings = {name: p[name] for name in _SETTINGS if name in p}
    rows.save_bus(tx, Bus(key, tx.now, tx.now, settings))
    tx.resources.created(key.arn, TYPE, tags_from(p.get("Tags", [])))
    return {"EventBusArn": key.arn, **settings}


@operation("events", "DescribeEventBus", reads=True)
def describe_event_bus(tx: Tx, p: Params) -> Result:
    bus = rows.bus_of(tx, bus_key(p.get("Name"), tx.account, tx.region))
    return _shown(bus) | bus.settings


@operation("events", "ListEventBuses", reads=True)
def list_event_buses(tx: Tx, p: Params) -> Result:
    prefix = p.get("NamePrefix", "")
    found = [(b.key.name, _listed(b)) for b in rows.buses(tx) if b.key.name.startswith(prefix)]
    return page(p, "EventBuses", found)


@operation("events", "UpdateEventBus")
def update_event_bus(tx: Tx, p: Params) -> Result:
    bus = rows.bus_of(tx, bus_key(p.get("Name"), tx.account, tx.region))
    settings = bus.settings | {name: p[name] for name in _SETTINGS if name in p}
    rows.save_bus(tx, replace(bus, settings=settings))
    return {"Arn": bus.key.arn, "Name": bus.key.name, **settings}


@operation("events", "DeleteEventBus")
def delete_event_bus(tx: Tx, p: Params) -> Result:
    key = BusKey(tx.account, tx.region, p["Name"])
    if key.name == DEFAULT:
        raise validation("Cannot delete event bus default.")
    if rows.count_rules(tx, key):
        raise validation("Event bus can't be deleted since it has rules.")
    rows.delete_bus(tx, key)
    tx.resources.deleted(key.arn)
    return None


def _shown(bus: Bus) -> dict[str, Any]:
    shown: dict[str, Any] = {"Name": bus.key.name, "Arn": bus.key.arn}
    if bus.policy is not None:
        shown["Policy"] = bus.policy
    if bus.created is not None:
        shown |= {"CreationTime": bus.created, "LastModifiedTime": bus.modified}
    return shown


def _listed(bus: Bus) -> dict[str, Any]:
    about = bus.settings.get("Description")
    return _shown(bus) | ({} if about is None else {"Description": about})
