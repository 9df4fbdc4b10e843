"""Activities: create, describe, list, delete. Their tasks are in api_workers.py."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions import activities, tagging
from owari.services.stepfunctions.core import activity_arn, activity_name, checked_name
from owari.services.stepfunctions.faults import no_activity
from owari.services.stepfunctions.paging import key_of, page_size, token_for
from owari.store.encode import loads
from owari.store.tx import Row, Tx
from owari.tags import SMALL, as_map
from owari.wire.operation import Params, Result, operation


def _shown(tx: Tx, row: Row) -> dict[str, Any]:
    return {
        "activityArn": activity_arn(tx.region, tx.account, row["name"]),
        "name": row["name"],
        "creationDate": row["created"],
    }


@operation("stepfunctions", "CreateActivity")
def create_activity(tx: Tx, p: Params) -> Result:
    """Idempotent by name; tags of a second request do not count."""
    name = checked_name(p["name"])
    arn = activity_arn(tx.region, tx.account, name)
    before = activities.find(tx, name)
    if before is not None:
        return {"activityArn": arn, "creationDate": before["created"]}
    tags = as_map(p.get("tags"), SMALL)
    tagging.check_number(tags, arn)
    activities.add(tx, name, p.get("encryptionConfiguration"))
    tx.resources.created(arn, "AWS::StepFunctions::Activity", tags)
    return {"activityArn": arn, "creationDate": tx.now}


@operation("stepfunctions", "DescribeActivity", reads=True)
def describe_activity(tx: Tx, p: Params) -> Result:
    row = activities.find(tx, activity_name(p["activityArn"]))
    if row is None:
        raise no_activity(p["activityArn"])
    shown = _shown(tx, row)
    if row["encryption"]:
        shown["encryptionConfiguration"] = loads(row["encryption"])
    return shown


@operation("stepfunctions", "DeleteActivity")
def delete_activity(tx: Tx, p: Params) -> Result:
    if activities.delete(tx, activity_name(p["activityArn"])):
        tx.resources.deleted(p["activityArn"])
    return {}


@operation("stepfunctions", "ListActivities", reads=True)
def list_activities(tx: Tx, p: Params) -> Result:
    after = key_of("ListActivities", p.get("nextToken"), str) or ""
    most = page_size(p.get("maxResults"))
    found = activities.page(tx, after, most + 1)
    answer: dict[str, Any] = {"activities": [_shown(tx, row) for row in found[:most]]}
    if len(found) > most:
        answer["nextToken"] = token_for("ListActivities", found[most - 1]["name"])
    return answer
