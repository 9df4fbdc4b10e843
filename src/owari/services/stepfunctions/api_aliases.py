"""Aliases of state machines: names that route to one or two versions, by weight."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions import aliases, machines
from owari.services.stepfunctions.aliases import Routing
from owari.services.stepfunctions.core import MachineRef, machine_ref
from owari.services.stepfunctions.faults import conflict, invalid_arn, no_resource, validation
from owari.services.stepfunctions.machines import arn_of
from owari.services.stepfunctions.paging import key_of, page_size, token_for
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

INVALID_ROUTING = "INVALID_ROUTING_CONFIGURATION"


@operation("stepfunctions", "CreateStateMachineAlias")
def create_state_machine_alias(tx: Tx, p: Params) -> Result:
    """Idempotent when everything is the same."""
    routing: Routing = p["routingConfiguration"]
    name, description = p["name"], p.get("description")
    machine = _checked_routing(tx, routing, None)
    arn = arn_of(tx, machine, name)
    before = aliases.find(tx, machine, name)
    if before is None:
        aliases.put(tx, machine, name, description, routing)
        return {"stateMachineAliasArn": arn, "creationDate": tx.now}
    if (aliases.routing_of(before), before["description"]) != (routing, description):
        raise conflict(
            "Failed to create alias because an alias with the same name and a different routing"
            " configuration already exists."
        )
    return {"stateMachineAliasArn": arn, "creationDate": before["created"]}


def _checked_routing(tx: Tx, routing: Routing, machine: str | None) -> str:
    """The machine that all the versions are of. Raises ValidationException, ResourceNotFound."""
    arns = [route["stateMachineVersionArn"] for route in routing]
    if len(set(arns)) != len(arns):
        raise validation(
            "Routing configuration must contain distinct state machine version ARNs."
            f" Received: {arns}",
            INVALID_ROUTING,
        )
    if sum(route["weight"] for route in routing) != 100:
        raise validation("Sum of routing configuration weights must equal 100", INVALID_ROUTING)
    refs = [machine_ref(arn) for arn in arns]
    if len({ref.name for ref in refs} | ({machine} if machine else set())) != 1:
        raise validation(
            "Routing configuration must contain versions of the same state machine.",
            INVALID_ROUTING,
        )
    for ref, arn in zip(refs, arns, strict=True):
        _check_version(tx, ref, arn)
    return refs[0].name


def _check_version(tx: Tx, ref: MachineRef, arn: str) -> None:
    if ref.version is None:
        raise invalid_arn(f"Invalid ARN: {arn}")
    machine = machines.find(tx, ref.name)
    if machine is None or machines.find_version(tx, machine, ref.version) is None:
        raise no_resource(arn)


def _existing(tx: Tx, arn: str) -> tuple[MachineRef, Row]:
    ref = machine_ref(arn)
    if ref.qualifier is None or ref.version is not None:
        raise invalid_arn(f"Invalid ARN: {arn}")
    row = aliases.find(tx, ref.name, ref.qualifier)
    if row is None:
        raise no_resource(arn)
    return ref, row


@operation("stepfunctions", "UpdateStateMachineAlias")
def update_state_machine_alias(tx: Tx, p: Params) -> Result:
    ref, row = _existing(tx, p["stateMachineAliasArn"])
    routing, description = p.get("routingConfiguration"), p.get("description")
    if routing is None and description is None:
        raise validation(
            "Either the routing configuration or the description must be specified",
            "MISSING_REQUIRED_PARAMETER",
        )
    if routing is not None:
        _checked_routing(tx, routing, ref.name)
    aliases.put(
        tx,
        ref.name,
        row["name"],
        row["description"] if description is None else description,
        aliases.routing_of(row) if routing is None else routing,
    )
    return {"updateDate": tx.now}


@operation("stepfunctions", "DescribeStateMachineAlias", reads=True)
def describe_state_machine_alias(tx: Tx, p: Params) -> Result:
    _, row = _existing(tx, p["stateMachineAliasArn"])
    answer: dict[str, Any] = {
        "stateMachineAliasArn": p["stateMachineAliasArn"],
        "name": row["name"],
        "routingConfiguration": aliases.routing_of(row),
        "creationDate": row["created"],
        "updateDate": row["updated"] or row["created"],
    }
    if row["description"] is not None:
        answer["description"] = row["description"]
    return answer


@operation("stepfunctions", "DeleteStateMachineAlias")
def delete_state_machine_alias(tx: Tx, p: Params) -> Result:
    ref, row = _existing(tx, p["stateMachineAliasArn"])
    aliases.delete(tx, ref.name, row["name"])
    return {}


@operation("stepfunctions", "ListStateMachineAliases", reads=True)
def list_state_machine_aliases(tx: Tx, p: Params) -> Result:
    """Of a machine, or of those that route to a version."""
    arn = p["stateMachineArn"]
    ref = machine_ref(arn)
    machines.existing(tx, ref, arn)
    after = key_of("ListStateMachineAliases", p.get("nextToken"), str) or ""
    most = page_size(p.get("maxResults"))
    found = [
        row
        for row in aliases.all_of(tx, ref.name)
        if row["name"] > after
        and (
            ref.qualifier is None
            or any(r["stateMachineVersionArn"] == arn for r in aliases.routing_of(row))
        )
    ]
    answer: dict[str, Any] = {
        "stateMachineAliases": [
            {
                "stateMachineAliasArn": arn_of(tx, ref.name, row["name"]),
                "creationDate": row["created"],
            }
            for row in found[:most]
        ]
    }
    if len(found) > most:
        answer["nextToken"] = token_for("ListStateMachineAliases", found[most - 1]["name"])
    return answer
