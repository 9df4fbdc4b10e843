"""Looking at a queue: what is at its front, what it uses, who uses a consumable resource."""

from __future__ import annotations

import json
from typing import Any

from owari.services.batch.api_consumables import needed_consumable
from owari.services.batch.attempts import milliseconds
from owari.services.batch.faults import client
from owari.services.batch.front import front_of_queue
from owari.services.batch.lines import line_key, resource_key
from owari.services.batch.lookup import needed_queue
from owari.services.batch.names import QUEUE, batch_arn
from owari.services.batch.paging import key_of, page_size, token_for
from owari.services.batch.records import JOB_COLUMNS, Job
from owari.services.batch.snapshot import load_claims
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

_COLUMNS = ", ".join(JOB_COLUMNS)


@operation("batch", "GetJobQueueSnapshot", reads=True)
def get_job_queue_snapshot(tx: Tx, p: Params) -> Result:
    """The first hundred RUNNABLE jobs, and the vCPUs in use. An array counts as one job."""
    queue = needed_queue(tx, p["jobQueue"])
    jobs = front_of_queue(tx, queue["name"])
    return {
        "frontOfQueue": {
            "jobs": [
                {
                    "jobArn": job.arn,
                    "earliestTimeAtPosition": milliseconds(job.released or job.created),
                }
                for job in jobs
            ],
            "lastUpdatedAt": milliseconds(tx.now),
        },
        "queueUtilization": _utilization(tx, queue["name"], fair=queue["policy"] is not None),
    }


def _utilization(tx: Tx, queue: str, *, fair: bool) -> dict[str, Any]:
    key = resource_key(tx.account, tx.region, queue)
    by_share: dict[str, int] = {}
    for row in tx.all("SELECT share, claims FROM batch_held WHERE queue = ?", key):
        claims = load_claims(row["claims"])
        vcpus = sum(n for pool, n in claims.items() if pool.kind == "vcpus")
        by_share[row["share"]] = by_share.get(row["share"], 0) + vcpus
    used: dict[str, Any] = {
        "totalCapacityUsage": [_vcpus(sum(by_share.values()))],
        "lastUpdatedAt": milliseconds(tx.now),
    }
    if fair:
        top = sorted(by_share.items(), key=lambda item: -item[1])[:20]
        used["fairshareUtilization"] = {
            "activeShareCount": len(by_share),
            "topCapacityUtilization": [
                {"shareIdentifier": share, "capacityUsage": [_vcpus(n)]} for share, n in top
            ],
        }
    return used


def _vcpus(thousandths: int) -> dict[str, Any]:
    return {"capacityUnit": "VCPU", "quantity": thousandths / 1000}


@operation("batch", "ListJobsByConsumableResource", reads=True)
def list_jobs_by_consumable_resource(tx: Tx, p: Params) -> Result:
    row = needed_consumable(tx, p["consumableResource"])
    if p.get("filters"):
        raise client("filters are not supported.")
    key = resource_key(tx.account, tx.region, row["name"])
    most = page_size(p)
    (after,) = key_of(p.get("nextToken"), 0)
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM batch_job WHERE account = ? AND region = ? AND seq > ?"
        " AND INSTR(line, ?) > 0 AND status NOT IN ('SUCCEEDED', 'FAILED') ORDER BY seq LIMIT ?",
        tx.account, tx.region, after, json.dumps(key), most + 1,
    )  # fmt: skip
    jobs = [Job(*found) for found in rows]
    result: dict[str, Any] = {"jobs": [_by_consumable(job, key) for job in jobs[:most]]}
    if len(jobs) > most:
        result["nextToken"] = token_for([jobs[most - 1].seq])
    return result


def _by_consumable(job: Job, key: str) -> dict[str, Any]:
    needed = dict(line_key(job.line).need.consumables)
    listed = {
        "jobArn": job.arn,
        "jobQueueArn": batch_arn(job.account, job.region, QUEUE, job.queue),
        "jobName": job.name,
        "jobDefinitionArn": job.definition,
        "jobStatus": job.status,
        "quantity": needed[key],
        "createdAt": milliseconds(job.created),
        "consumableResourceProperties": {
            "consumableResourceList": json.loads(job.body)["consumables"]
        },
    }
    if job.started is not None:
        listed["startedAt"] = milliseconds(job.started)
    return listed
