"""Versions of state machines. Source: Step Functions API reference."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions import aliases, machines
from owari.services.stepfunctions.core import MachineRef, machine_ref
from owari.services.stepfunctions.faults import conflict, invalid_arn, no_machine
from owari.services.stepfunctions.machines import arn_of
from owari.services.stepfunctions.paging import key_of, page_size, token_for
from owari.services.stepfunctions.versions import publish
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("stepfunctions", "PublishStateMachineVersion")
def publish_state_machine_version(tx: Tx, p: Params) -> Result:
    arn = p["stateMachineArn"]
    ref = machine_ref(arn)
    if ref.qualifier is not None:
        raise no_machine(arn)
    machine = machines.existing(tx, ref, arn)
    number, created = publish(tx, machine, p.get("description"), p.get("revisionId"))
    return {"stateMachineVersionArn": arn_of(tx, ref.name, number), "creationDate": created}


@operation("stepfunctions", "ListStateMachineVersions", reads=True)
def list_state_machine_versions(tx: Tx, p: Params) -> Result:
    """The newest first."""
    ref = machine_ref(p["stateMachineArn"])
    most = page_size(p.get("maxResults"))
    before = key_of("ListStateMachineVersions", p.get("nextToken"), int) or 2**62
    found = machines.versions_before(tx, ref.name, before, most + 1)
    answer: dict[str, Any] = {
        "stateMachineVersions": [
            {
                "stateMachineVersionArn": arn_of(tx, ref.name, row["number"]),
                "creationDate": row["created"],
            }
            for row in found[:most]
        ]
    }
    if len(found) > most:
        answer["nextToken"] = token_for("ListStateMachineVersions", found[most - 1]["number"])
    return answer


@operation("stepfunctions", "DeleteStateMachineVersion")
def delete_state_machine_version(tx: Tx, p: Params) -> Result:
    arn = p["stateMachineVersionArn"]
    ref = machine_ref(arn)
    if ref.version is None:
        raise invalid_arn(f"Invalid ARN: {arn}")
    using = _aliases_of(tx, ref, arn)
    if using:
        raise conflict(
            "Version to be deleted must not be referenced by an alias."
            f" Current list of aliases referencing this version: [{', '.join(using)}]"
        )
    machines.delete_version(tx, ref.name, ref.version)
    return {}


def _aliases_of(tx: Tx, ref: MachineRef, arn: str) -> list[str]:
    return [
        row["name"]
        for row in aliases.all_of(tx, ref.name)
        if any(route["stateMachineVersionArn"] == arn for route in aliases.routing_of(row))
    ]
