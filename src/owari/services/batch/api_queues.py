"""Job queues."""

from __future__ import annotations

import json
from typing import Any

from owari.services.batch import rows
from owari.services.batch.book import Book
from owari.services.batch.environments import is_fargate
from owari.services.batch.faults import client
from owari.services.batch.lookup import (
    existing_queue,
    needed_environment,
    needed_policy,
    needed_queue,
)
from owari.services.batch.names import ENVIRONMENT, POLICY, QUEUE, JobId, batch_arn, check_name
from owari.services.batch.overdue import arm_all
from owari.services.batch.paging import key_of, page_size, token_for
from owari.services.batch.queues import check_priority, checked_actions, environment_order
from owari.services.batch.snapshot import mark_dirty
from owari.services.batch.stopping import terminate
from owari.services.batch.tagging import checked_tags
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

DELETED = "Job queue deleted"


def queue_arn(tx: Tx, name: str) -> str:
    return batch_arn(tx.account, tx.region, QUEUE, name)


@operation("batch", "CreateJobQueue")
def create_job_queue(tx: Tx, p: Params) -> Result:
    name = check_name("jobQueueName", p["jobQueueName"])
    if rows.queue(tx, name) is not None:
        raise client("Object already exists")
    policy = needed_policy(tx, p["schedulingPolicyArn"])["name"] if _has_policy(p) else None
    body = _environments(tx, p) | {
        "actions": checked_actions(p.get("jobStateTimeLimitActions", [])),
    }
    priority = check_priority(p["priority"])
    rows.save_queue(tx, name, p.get("state", "ENABLED"), priority, policy, body)
    arn = queue_arn(tx, name)
    tx.resources.created(arn, "AWS::Batch::JobQueue", checked_tags({}, p.get("tags", {})))
    return {"jobQueueName": name, "jobQueueArn": arn}


def _has_policy(p: Params) -> bool:
    return bool(p.get("schedulingPolicyArn"))


def _environments(tx: Tx, p: Params) -> dict[str, Any]:
    """All on Fargate or none, all there and VALID. `orders`: the numbers they were given."""
    order = environment_order(p, tx.limits.job_environments_per_queue)
    found = [needed_environment(tx, name) for _, name in order]
    if len({is_fargate(row["body"]) for row in found}) > 1:
        raise client("Fargate compute environments can't be mixed with others in a job queue.")
    return {"environments": [name for _, name in order], "orders": [n for n, _ in order]}


def _is_fargate(tx: Tx, environment: str) -> bool:
    row = rows.environment(tx, environment)
    return row is not None and is_fargate(row["body"])


@operation("batch", "UpdateJobQueue")
def update_job_queue(tx: Tx, p: Params) -> Result:
    row = needed_queue(tx, p["jobQueue"])
    policy = row["policy"]
    if _has_policy(p):
        if policy is None:
            raise client("A job queue without a scheduling policy can't be given one.")
        policy = needed_policy(tx, p["schedulingPolicyArn"])["name"]
    body = json.loads(row["body"])
    if "computeEnvironmentOrder" in p or "serviceEnvironmentOrder" in p:
        body |= _environments(tx, p)
    if "jobStateTimeLimitActions" in p:
        body["actions"] = checked_actions(p["jobStateTimeLimitActions"])
    priority = check_priority(p.get("priority", row["priority"]))
    rows.save_queue(tx, row["name"], p.get("state", row["state"]), priority, policy, body)
    if "jobStateTimeLimitActions" in p:
        arm_all(tx, row["name"])
    mark_dirty(tx)
    return {"jobQueueName": row["name"], "jobQueueArn": queue_arn(tx, row["name"])}


@operation("batch", "DeleteJobQueue")
def delete_job_queue(tx: Tx, p: Params) -> Result:
    row = existing_queue(tx, p["jobQueue"])
    if row is None:
        return None
    if row["state"] != "DISABLED":
        raise client("Cannot delete, state must be DISABLED")
    _end_jobs(tx, row["name"])
    rows.delete_queue(tx, row["name"])
    tx.resources.deleted(queue_arn(tx, row["name"]))
    return None


def _end_jobs(tx: Tx, queue: str) -> None:
    """Whatever of it has not ended is terminated."""
    found = tx.all(
        "SELECT id FROM batch_job WHERE account = ? AND region = ? AND queue = ?"
        " AND status NOT IN ('SUCCEEDED', 'FAILED') ORDER BY seq",
        tx.account, tx.region, queue,
    )  # fmt: skip
    book = Book(tx)
    for row in found:
        job = book.job(tx.account, tx.region, row["id"])
        assert job is not None
        terminate(book, job, JobId(job.id), DELETED)
    book.close()


@operation("batch", "DescribeJobQueues", reads=True)
def describe_job_queues(tx: Tx, p: Params) -> Result:
    if wanted := p.get("jobQueues"):
        named = (existing_queue(tx, one) for one in wanted)
        return {"jobQueues": [_describe(tx, row) for row in named if row]}
    most = page_size(p)
    (after,) = key_of(p.get("nextToken"), "")
    found = rows.queues_after(tx, after, most + 1)
    result: dict[str, Any] = {"jobQueues": [_describe(tx, row) for row in found[:most]]}
    if len(found) > most:
        result["nextToken"] = token_for([found[most - 1]["name"]])
    return result


def _describe(tx: Tx, row: Row) -> dict[str, Any]:
    body = json.loads(row["body"])
    arn = queue_arn(tx, row["name"])
    names = body["environments"]
    orders = body.get("orders", range(1, len(names) + 1))
    described = {
        "jobQueueName": row["name"],
        "jobQueueArn": arn,
        "state": row["state"],
        "status": "VALID",
        "statusReason": "JobQueue Healthy",
        "priority": row["priority"],
        "computeEnvironmentOrder": [
            {
                "order": order,
                "computeEnvironment": batch_arn(tx.account, tx.region, ENVIRONMENT, name),
            }
            for order, name in zip(orders, names, strict=True)
        ],
        "jobQueueType": "ECS_FARGATE" if _is_fargate(tx, names[0]) else "ECS",
        "tags": tx.resources.tags(arn),
        "jobStateTimeLimitActions": body["actions"],
    }
    if row["policy"] is not None:
        described["schedulingPolicyArn"] = batch_arn(tx.account, tx.region, POLICY, row["policy"])
    return described
