"""Compute environments: limits on how much of the machine a queue's jobs may use."""

from __future__ import annotations

import json
from typing import Any

from owari.arn import make_arn
from owari.services.batch import rows
from owari.services.batch.environments import (
    EC2_TYPES,
    desired_vcpus,
    environment_of,
    updated,
)
from owari.services.batch.faults import client
from owari.services.batch.lines import resource_key
from owari.services.batch.lookup import needed_environment
from owari.services.batch.names import ENVIRONMENT, batch_arn, check_name, name_in
from owari.services.batch.paging import key_of, page_size, token_for
from owari.services.batch.snapshot import load_claims, mark_dirty
from owari.services.batch.tagging import checked_tags
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

SERVICE_LINKED_ROLE = "role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"


def environment_arn(tx: Tx, name: str) -> str:
    return batch_arn(tx.account, tx.region, ENVIRONMENT, name)


@operation("batch", "CreateComputeEnvironment")
def create_compute_environment(tx: Tx, p: Params) -> Result:
    name = check_name("computeEnvironmentName", p["computeEnvironmentName"])
    if rows.environment(tx, name) is not None:
        raise client("Object already exists")
    body = environment_of(p)
    rows.insert_environment(tx, name, tx.new_id(), p.get("state", "ENABLED"), body)
    arn = environment_arn(tx, name)
    tags = checked_tags({}, p.get("tags", {}))
    tx.resources.created(arn, "AWS::Batch::ComputeEnvironment", tags)
    return {"computeEnvironmentName": name, "computeEnvironmentArn": arn}


@operation("batch", "UpdateComputeEnvironment")
def update_compute_environment(tx: Tx, p: Params) -> Result:
    row = needed_environment(tx, p["computeEnvironment"])
    body = updated(json.loads(row["body"]), p)
    rows.update_environment(tx, row["name"], p.get("state", row["state"]), body)
    mark_dirty(tx)
    arn = environment_arn(tx, row["name"])
    return {"computeEnvironmentName": row["name"], "computeEnvironmentArn": arn}


@operation("batch", "DeleteComputeEnvironment")
def delete_compute_environment(tx: Tx, p: Params) -> Result:
    name = name_in(p["computeEnvironment"], ENVIRONMENT)
    row = rows.environment(tx, name)
    if row is None:
        return None  # as on AWS, deleting what is not there is no error
    if row["state"] != "DISABLED":
        raise client("Cannot delete, state must be DISABLED")
    if any(name in json.loads(q["body"])["environments"] for q in rows.queues(tx)):
        raise client("Cannot delete, found existing JobQueue relationship")
    rows.delete_environment(tx, name)
    tx.resources.deleted(environment_arn(tx, name))
    return None


@operation("batch", "DescribeComputeEnvironments", reads=True)
def describe_compute_environments(tx: Tx, p: Params) -> Result:
    if wanted := p.get("computeEnvironments"):
        named = (rows.environment(tx, name_in(one, ENVIRONMENT)) for one in wanted)
        return {"computeEnvironments": [_describe(tx, row) for row in named if row]}
    most = page_size(p)
    (after,) = key_of(p.get("nextToken"), "")
    found = rows.environments_after(tx, after, most + 1)
    result: dict[str, Any] = {"computeEnvironments": [_describe(tx, row) for row in found[:most]]}
    if len(found) > most:
        result["nextToken"] = token_for([found[most - 1]["name"]])
    return result


def _describe(tx: Tx, row: Row) -> dict[str, Any]:
    body = json.loads(row["body"])
    arn = environment_arn(tx, row["name"])
    resources = body.get("computeResources")
    if resources is not None and resources["type"] in EC2_TYPES:
        desired = desired_vcpus(resources, _in_use(tx, row["name"]))
        body["computeResources"] = {"minvCpus": 0} | resources | {"desiredvCpus": desired}
    if body["type"] == "MANAGED":
        body = {"serviceRole": make_arn("iam", "", tx.account, SERVICE_LINKED_ROLE)} | body
    cluster = f"cluster/AWSBatch-{row['name']}-{row['uuid']}"
    return {
        "computeEnvironmentName": row["name"],
        "computeEnvironmentArn": arn,
        "ecsClusterArn": make_arn("ecs", tx.region, tx.account, cluster),
        "tags": tx.resources.tags(arn),
        "state": row["state"],
        "status": "VALID",
        "statusReason": "ComputeEnvironment Healthy",
        "containerOrchestrationType": "ECS",
        "uuid": row["uuid"],
        **body,
    }


def _in_use(tx: Tx, name: str) -> int:
    """vCPUs in thousandths that its jobs asked for."""
    key = resource_key(tx.account, tx.region, name)
    claims = (load_claims(r["claims"]) for r in rows.tasks_in_environment(tx, name))
    return sum(
        n
        for held in claims
        for pool, n in held.items()
        if (pool.kind, pool.owner) == ("environment", key)
    )
