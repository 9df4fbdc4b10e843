"""Consumable resources: licences, tokens, whatever jobs use up or borrow."""

from __future__ import annotations

from typing import Any

from owari.services.batch import rows
from owari.services.batch.attempts import milliseconds
from owari.services.batch.demand import Pool
from owari.services.batch.faults import client
from owari.services.batch.lines import resource_key
from owari.services.batch.names import CONSUMABLE, batch_arn, check_name, name_in
from owari.services.batch.paging import key_of, page_size, token_for
from owari.services.batch.snapshot import load_claims, mark_dirty
from owari.services.batch.tagging import checked_tags
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

TYPES = ("REPLENISHABLE", "NON_REPLENISHABLE")
QUANTITY_MAX = 2**62


def consumable_arn(tx: Tx, name: str) -> str:
    return batch_arn(tx.account, tx.region, CONSUMABLE, name)


def needed_consumable(tx: Tx, reference: str) -> Row:
    """Raises ClientException."""
    row = rows.consumable(tx, name_in(reference, CONSUMABLE))
    if row is None:
        raise client(f"Consumable resource {reference} does not exist.")
    return row


@operation("batch", "CreateConsumableResource")
def create_consumable_resource(tx: Tx, p: Params) -> Result:
    name = check_name("consumableResourceName", p["consumableResourceName"])
    if rows.consumable(tx, name) is not None:
        raise client("Object already exists")
    kind = p.get("resourceType", "REPLENISHABLE")
    if kind not in TYPES:
        raise client(f"resourceType must be one of {', '.join(TYPES)}.")
    rows.insert_consumable(tx, name, kind, _quantity(p.get("totalQuantity", 0)))
    arn = consumable_arn(tx, name)
    tags = checked_tags({}, p.get("tags", {}))
    tx.resources.created(arn, "AWS::Batch::ConsumableResource", tags)
    return {"consumableResourceName": name, "consumableResourceArn": arn}


def _quantity(quantity: int) -> int:
    if not 0 <= quantity <= QUANTITY_MAX:
        raise client("The quantity of a consumable resource must not be negative.")
    return quantity


@operation("batch", "UpdateConsumableResource")
def update_consumable_resource(tx: Tx, p: Params) -> Result:
    row = needed_consumable(tx, p["consumableResource"])
    quantity = _quantity(p.get("quantity", 0))
    match p.get("operation", "SET"):
        case "SET":
            total = quantity
        case "ADD":
            total = _quantity(row["total"] + quantity)
        case "REMOVE":
            total = _quantity(row["total"] - quantity)
        case other:
            raise client(f"operation '{other}' must be one of SET, ADD, REMOVE.")
    rows.set_consumable(tx, row["name"], total)
    mark_dirty(tx)
    return {
        "consumableResourceName": row["name"],
        "consumableResourceArn": consumable_arn(tx, row["name"]),
        "totalQuantity": total,
    }


@operation("batch", "DeleteConsumableResource")
def delete_consumable_resource(tx: Tx, p: Params) -> Result:
    name = name_in(p["consumableResource"], CONSUMABLE)
    rows.delete_consumable(tx, name)
    tx.resources.deleted(consumable_arn(tx, name))
    return None


@operation("batch", "DescribeConsumableResource", reads=True)
def describe_consumable_resource(tx: Tx, p: Params) -> Result:
    row = needed_consumable(tx, p["consumableResource"])
    summary = _summary(tx, row)
    return summary | {
        "availableQuantity": max(row["total"] - summary["inUseQuantity"], 0),
        "createdAt": milliseconds(row["created"]),
        "tags": tx.resources.tags(summary["consumableResourceArn"]),
    }


def _summary(tx: Tx, row: Row) -> dict[str, Any]:
    pool = Pool("consumable", resource_key(tx.account, tx.region, row["name"]))
    held = (load_claims(claims["claims"]) for claims in rows.claims_now(tx))
    return {
        "consumableResourceName": row["name"],
        "consumableResourceArn": consumable_arn(tx, row["name"]),
        "totalQuantity": row["total"],
        "inUseQuantity": sum(claims.get(pool, 0) for claims in held),
        "resourceType": row["type"],
    }


@operation("batch", "ListConsumableResources", reads=True)
def list_consumable_resources(tx: Tx, p: Params) -> Result:
    most = page_size(p)
    (after,) = key_of(p.get("nextToken"), "")
    found = rows.consumables_after(tx, after, most + 1)
    shown = [row for row in found[:most] if _is_wanted(row["name"], p.get("filters", []))]
    result: dict[str, Any] = {"consumableResources": [_summary(tx, row) for row in shown]}
    if len(found) > most:
        result["nextToken"] = token_for([found[most - 1]["name"]])
    return result


def _is_wanted(name: str, filters: list[dict[str, Any]]) -> bool:
    for one in filters:
        if one.get("name") != "CONSUMABLE_RESOURCE_NAME":
            raise client("filters must be named CONSUMABLE_RESOURCE_NAME.")
        if not any(_matches(name, pattern) for pattern in one.get("values", ())):
            return False
    return True


def _matches(name: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return name == pattern
