"""PutPermission and RemovePermission: a bus's policy. Recorded, not enforced."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from owari import policy_text
from owari.services.events import rows
from owari.services.events.core import Bus, bus_key
from owari.services.events.faults import invalid_parameter, not_found, validation
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("events", "PutPermission")
def put_permission(tx: Tx, p: Params) -> Result:
    bus = rows.bus_of(tx, bus_key(p.get("EventBusName"), tx.account, tx.region))
    if "Policy" in p:
        rows.save_bus(tx, replace(bus, policy=_checked(p["Policy"])))
        return None
    kept = [s for s in _statements(bus) if s.get("Sid") != p.get("StatementId")]
    _save(tx, bus, [*kept, _statement(bus, p)])
    return None


@operation("events", "RemovePermission")
def remove_permission(tx: Tx, p: Params) -> Result:
    bus = rows.bus_of(tx, bus_key(p.get("EventBusName"), tx.account, tx.region))
    if p.get("RemoveAllPermissions"):
        rows.save_bus(tx, replace(bus, policy=None))
        return None
    statements = _statements(bus)
    kept = [s for s in statements if s.get("Sid") != p.get("StatementId")]
    if not statements:
        raise not_found("EventBus does not have a policy.")
    if len(kept) == len(statements):
        raise not_found("Statement with the provided id does not exist.")
    _save(tx, bus, kept)
    return None


def _checked(policy: str) -> str:
    if policy_text.read(policy) is None:
        raise invalid_parameter("Policy", "It must be a JSON object with statements.")
    return policy


def _statements(bus: Bus) -> list[dict[str, Any]]:
    policy = policy_text.read(bus.policy)
    return policy[1] if policy is not None else []


def _statement(bus: Bus, p: Params) -> dict[str, Any]:
    for name in ("StatementId", "Principal", "Action"):
        if name not in p:
            raise invalid_parameter(name, f"{name} is a required argument.")
    if p["Action"] != "events:PutEvents":
        raise validation("Provided value in parameter 'action' is not supported.")
    who = p["Principal"]
    statement = {
        "Sid": p["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if who == "*" else {"AWS": f"arn:aws:iam::{who}:root"},
        "Action": p["Action"],
        "Resource": bus.key.arn,
    }
    if (condition := p.get("Condition")) is not None:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement


def _save(tx: Tx, bus: Bus, statements: list[dict[str, Any]]) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    rows.save_bus(tx, replace(bus, policy=policy if statements else None))
