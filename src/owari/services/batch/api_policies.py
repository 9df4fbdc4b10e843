"""Scheduling policies: fair share."""

from __future__ import annotations

import json
from typing import Any

from owari.services.batch import rows
from owari.services.batch.faults import client
from owari.services.batch.lookup import needed_policy
from owari.services.batch.names import POLICY, batch_arn, check_name, name_in
from owari.services.batch.paging import key_of, page_size, token_for
from owari.services.batch.policies import fair_share_of
from owari.services.batch.snapshot import mark_dirty
from owari.services.batch.tagging import checked_tags
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation


def policy_arn(tx: Tx, name: str) -> str:
    return batch_arn(tx.account, tx.region, POLICY, name)


@operation("batch", "CreateSchedulingPolicy")
def create_scheduling_policy(tx: Tx, p: Params) -> Result:
    name = check_name("name", p["name"])
    if rows.policy(tx, name) is not None:
        raise client("Object already exists")
    rows.save_policy(tx, name, fair_share_of(p))
    arn = policy_arn(tx, name)
    tx.resources.created(arn, "AWS::Batch::SchedulingPolicy", checked_tags({}, p.get("tags", {})))
    return {"name": name, "arn": arn}


@operation("batch", "UpdateSchedulingPolicy")
def update_scheduling_policy(tx: Tx, p: Params) -> Result:
    row = needed_policy(tx, p["arn"])
    if "fairsharePolicy" in p or "quotaSharePolicy" in p:
        rows.save_policy(tx, row["name"], json.loads(row["body"]) | fair_share_of(p))
        mark_dirty(tx)
    return None


@operation("batch", "DeleteSchedulingPolicy")
def delete_scheduling_policy(tx: Tx, p: Params) -> Result:
    name = name_in(p["arn"], POLICY)
    if any(queue["policy"] == name for queue in rows.queues(tx)):
        raise client("Cannot delete, found existing JobQueue relationship")
    rows.delete_policy(tx, name)
    tx.resources.deleted(policy_arn(tx, name))
    return None


@operation("batch", "DescribeSchedulingPolicies", reads=True)
def describe_scheduling_policies(tx: Tx, p: Params) -> Result:
    found = (rows.policy(tx, name_in(arn, POLICY)) for arn in p["arns"])
    return {"schedulingPolicies": [_describe(tx, row) for row in found if row]}


def _describe(tx: Tx, row: Row) -> dict[str, Any]:
    arn = policy_arn(tx, row["name"])
    return {
        "name": row["name"],
        "arn": arn,
        "fairsharePolicy": json.loads(row["body"]),
        "tags": tx.resources.tags(arn),
    }


@operation("batch", "ListSchedulingPolicies", reads=True)
def list_scheduling_policies(tx: Tx, p: Params) -> Result:
    most = page_size(p)
    (after,) = key_of(p.get("nextToken"), "")
    found = rows.policies_after(tx, after, most + 1)
    result: dict[str, Any] = {
        "schedulingPolicies": [{"arn": policy_arn(tx, row["name"])} for row in found[:most]]
    }
    if len(found) > most:
        result["nextToken"] = token_for([found[most - 1]["name"]])
    return result
