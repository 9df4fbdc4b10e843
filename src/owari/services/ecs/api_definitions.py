"""Task definitions: families of revisions, which never change."""

from __future__ import annotations

import json
from typing import Any

from owari.services.ecs import rows
from owari.services.ecs.definitions import definition_of
from owari.services.ecs.faults import client
from owari.services.ecs.lookup import definition_arn
from owari.services.ecs.names import definition_reference
from owari.services.ecs.paging import key_of, page_size, token_for
from owari.services.ecs.sweeping import ensure_sweep
from owari.services.ecs.tagging import checked_tags, listed
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation


@operation("ecs", "RegisterTaskDefinition")
def register_task_definition(tx: Tx, p: Params) -> Result:
    body = definition_of(p)
    tags = checked_tags(p.get("tags", ()))
    family = body["family"]
    revision = rows.next_revision(tx, family)
    body |= {"registeredAt": tx.now, "registeredBy": tx.principal}
    rows.save_definition(tx, family, revision, "ACTIVE", body)
    arn = definition_arn(tx, family, revision)
    tx.resources.created(arn, "AWS::ECS::TaskDefinition", tags)
    return {"taskDefinition": _shown(tx, _row(tx, family, revision)), "tags": listed(tags)}


def _row(tx: Tx, family: str, revision: int) -> Row:
    row = rows.definition(tx, family, revision)
    assert row is not None
    return row


def _shown(tx: Tx, row: Row) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(row["body"])
    return body | {
        "taskDefinitionArn": definition_arn(tx, row["family"], row["revision"]),
        "revision": row["revision"],
        "status": row["status"],
    }


@operation("ecs", "DescribeTaskDefinition", reads=True)
def describe_task_definition(tx: Tx, p: Params) -> Result:
    row = rows.definition(tx, *definition_reference(p["taskDefinition"]))
    if row is None:
        raise client("Unable to describe task definition.")
    result: dict[str, Any] = {"taskDefinition": _shown(tx, row)}
    if "TAGS" in p.get("include", ()):
        arn = definition_arn(tx, row["family"], row["revision"])
        result["tags"] = listed(tx.resources.tags(arn))
    return result


@operation("ecs", "DeregisterTaskDefinition")
def deregister_task_definition(tx: Tx, p: Params) -> Result:
    """Inactive: what runs goes on, nothing new begins."""
    row = _revision(tx, p["taskDefinition"])
    if row["status"] != "ACTIVE":
        raise client("The specified task definition is inactive.")
    body = json.loads(row["body"]) | {"deregisteredAt": tx.now}
    rows.save_definition(tx, row["family"], row["revision"], "INACTIVE", body)
    return {"taskDefinition": _shown(tx, _row(tx, row["family"], row["revision"]))}


def _revision(tx: Tx, reference: str) -> Row:
    """Raises ClientException."""
    family, revision = definition_reference(reference)
    if revision is None:
        raise client("Invalid revision number. Number: null")
    row = rows.definition(tx, family, revision)
    if row is None:
        raise client("The specified task definition does not exist.")
    return row


@operation("ecs", "DeleteTaskDefinitions")
def delete_task_definitions(tx: Tx, p: Params) -> Result:
    """Only inactive ones can be deleted. They go when no task or service needs them any more."""
    deleted, failures = [], []
    for reference in p["taskDefinitions"]:
        row = rows.definition(tx, *definition_reference(reference))
        if row is None or row["status"] == "ACTIVE":
            reason = "The specified task definition is still in ACTIVE status. Please deregister"
            reason += " the target and try again." if row else " it first."
            failures.append({"arn": reference, "reason": reason if row else "MISSING"})
            continue
        body = json.loads(row["body"]) | {"deleteRequestedAt": tx.now}
        rows.save_definition(tx, row["family"], row["revision"], "DELETE_IN_PROGRESS", body)
        deleted.append(_shown(tx, _row(tx, row["family"], row["revision"])))
        tx.resources.deleted(definition_arn(tx, row["family"], row["revision"]))
        ensure_sweep(tx)
    return {"taskDefinitions": deleted, "failures": failures}


@operation("ecs", "ListTaskDefinitions", reads=True)
def list_task_definitions(tx: Tx, p: Params) -> Result:
    found = rows.definitions(tx, p.get("familyPrefix"), p.get("status") or "ACTIVE")
    arns = [definition_arn(tx, row["family"], row["revision"]) for row in found]
    if p.get("sort") == "DESC":
        arns.reverse()
    return _page(p, "taskDefinitionArns", arns)


@operation("ecs", "ListTaskDefinitionFamilies", reads=True)
def list_task_definition_families(tx: Tx, p: Params) -> Result:
    status, prefix = p.get("status") or "ALL", p.get("familyPrefix") or ""
    names = [
        row["family"]
        for row in rows.families(tx)
        if row["family"].startswith(prefix)
        and (status == "ALL" or (status == "ACTIVE") == bool(row["active"]))
    ]
    return _page(p, "families", names)


def _page(p: Params, name: str, everything: list[str]) -> dict[str, Any]:
    most, start = page_size(p), key_of(p.get("nextToken"), 0)
    result: dict[str, Any] = {name: everything[start : start + most]}
    if start + most < len(everything):
        result["nextToken"] = token_for(start + most)
    return result
