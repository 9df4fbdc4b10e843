"""Tasks: looked at, listed, stopped."""

from __future__ import annotations

from typing import Any

from owari.services.ecs.core import BY_USER
from owari.services.ecs.describing import task_detail
from owari.services.ecs.faults import check_named, invalid, no_service
from owari.services.ecs.instances import instance_named
from owari.services.ecs.life import ask_to_stop
from owari.services.ecs.lookup import active_cluster, task_in
from owari.services.ecs.names import ecs_arn, within
from owari.services.ecs.paging import key_of, page_size, token_for
from owari.services.ecs.service_rows import find_service
from owari.services.ecs.tagging import listed
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

DESCRIBED_MAX = 100


@operation("ecs", "DescribeTasks", reads=True)
def describe_tasks(tx: Tx, p: Params) -> Result:
    cluster = active_cluster(tx, p)["name"]
    check_named(p["tasks"], DESCRIBED_MAX, one="Tasks", many="Tasks")
    with_tags = "TAGS" in p.get("include", ())
    found, failures = [], []
    for reference in p["tasks"]:
        task = task_in(tx, cluster, reference)
        if task is None:
            id = within(cluster, reference, "task")
            arn = ecs_arn(tx.account, tx.region, "task", cluster, id)
            failures.append({"arn": arn, "reason": "MISSING"})
            continue
        tags = listed(tx.resources.tags(task.arn)) if with_tags else []
        found.append(task_detail(task) | {"tags": tags})
    return {"tasks": found, "failures": failures}


@operation("ecs", "ListTasks", reads=True)
def list_tasks(tx: Tx, p: Params) -> Result:
    cluster = active_cluster(tx, p)["name"]
    if p.get("desiredStatus") == "PENDING":
        return {"taskArns": []}  # "Amazon ECS never sets the desired status of a task to PENDING"
    most = page_size(p)
    service = _service(tx, cluster, p["serviceName"]) if p.get("serviceName") else None
    wanted = {
        "desired": p.get("desiredStatus") or "RUNNING",
        "family": p.get("family"),
        "service": service,
        "started_by": p.get("startedBy"),
        "launch": p.get("launchType"),
    }
    asked = {name: value for name, value in wanted.items() if value is not None}
    where = "".join(f" AND {name} = ?" for name in asked)
    if p.get("containerInstance"):
        if instance_named(tx, cluster, p["containerInstance"]) is None:
            return {"taskArns": []}
        where += " AND launch <> 'FARGATE' AND last <> 'PROVISIONING'"
    found = tx.all(
        "SELECT seq, id FROM ecs_task WHERE account = ? AND region = ? AND cluster = ?"
        f" AND seq > ?{where} ORDER BY seq LIMIT ?",
        tx.account, tx.region, cluster, key_of(p.get("nextToken"), 0), *asked.values(), most + 1,
    )  # fmt: skip
    arns = [ecs_arn(tx.account, tx.region, "task", cluster, row["id"]) for row in found[:most]]
    result: dict[str, Any] = {"taskArns": arns}
    if len(found) > most:
        result["nextToken"] = token_for(found[most - 1]["seq"])
    return result


def _service(tx: Tx, cluster: str, reference: str) -> str:
    """Raises ServiceNotFoundException."""
    name = within(cluster, reference, "service")
    if find_service(tx, tx.account, tx.region, cluster, name) is None:
        raise no_service()
    return name


@operation("ecs", "StopTask")
def stop_task(tx: Tx, p: Params) -> Result:
    cluster = active_cluster(tx, p)["name"]
    task = task_in(tx, cluster, p["task"])
    if task is None:
        raise invalid("The referenced task was not found.")
    ask_to_stop(tx, task, BY_USER, p.get("reason") or "Task stopped by user")
    return {"task": task_detail(task)}
