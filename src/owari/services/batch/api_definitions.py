"""Job definitions and their revisions."""

from __future__ import annotations

import json
from typing import Any

from owari.services.batch import rows
from owari.services.batch.definitions import CONTAINER_DEFAULTS, definition_of, shown_nodes
from owari.services.batch.faults import client
from owari.services.batch.lookup import definition_reference
from owari.services.batch.names import DEFINITION, batch_arn
from owari.services.batch.paging import key_of, page_size, token_for
from owari.services.batch.sweeping import ensure_sweep
from owari.services.batch.tagging import checked_tags
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

NEWEST = 2**31  # before the first revision, as they are listed


def definition_arn(tx: Tx, name: str, revision: int) -> str:
    return batch_arn(tx.account, tx.region, DEFINITION, f"{name}:{revision}")


@operation("batch", "RegisterJobDefinition")
def register_job_definition(tx: Tx, p: Params) -> Result:
    body = definition_of(p)
    name = p["jobDefinitionName"]
    tags = checked_tags({}, p.get("tags", {}))
    newest = rows.newest_definition(tx, name)
    revision = newest["revision"] + 1 if newest else 1
    rows.insert_definition(tx, name, revision, body)
    arn = definition_arn(tx, name, revision)
    tx.resources.created(arn, "AWS::Batch::JobDefinition", tags)
    return {"jobDefinitionName": name, "jobDefinitionArn": arn, "revision": revision}


@operation("batch", "DeregisterJobDefinition")
def deregister_job_definition(tx: Tx, p: Params) -> Result:
    name, revision = definition_reference(p["jobDefinition"])
    if revision is None:
        raise client("jobDefinition must be an ARN or name:revision.")
    rows.deactivate_definition(tx, name, revision)
    ensure_sweep(tx)
    return None


@operation("batch", "DescribeJobDefinitions", reads=True)
def describe_job_definitions(tx: Tx, p: Params) -> Result:
    if wanted := p.get("jobDefinitions"):
        return {"jobDefinitions": [_describe(tx, r) for one in wanted for r in _named(tx, one)]}
    most = page_size(p)
    name, revision = key_of(p.get("nextToken"), "", NEWEST)
    found = rows.definitions_after(
        tx, (name, revision), most + 1, name=p.get("jobDefinitionName"), status=p.get("status")
    )
    result: dict[str, Any] = {"jobDefinitions": [_describe(tx, row) for row in found[:most]]}
    if len(found) > most:
        last = found[most - 1]
        result["nextToken"] = token_for([last["name"], last["revision"]])
    return result


def _named(tx: Tx, reference: str) -> list[Row]:
    """One revision, or all of a name."""
    name, revision = definition_reference(reference)
    if revision is not None:
        row = rows.definition(tx, name, revision)
        return [row] if row else []
    return rows.definitions_after(tx, ("", NEWEST), 100, name=name, status=None)


def _describe(tx: Tx, row: Row) -> dict[str, Any]:
    body = json.loads(row["body"])
    arn = definition_arn(tx, row["name"], row["revision"])
    container = body.get("containerProperties")
    if container is not None:
        body["containerProperties"] = CONTAINER_DEFAULTS | container
    if "nodeProperties" in body:
        body["nodeProperties"] = shown_nodes(body["nodeProperties"])
    return {
        "jobDefinitionName": row["name"],
        "jobDefinitionArn": arn,
        "revision": row["revision"],
        "status": row["status"],
        "tags": tx.resources.tags(arn),
        "containerOrchestrationType": "ECS",
        "parameters": {},
        **body,
    }
