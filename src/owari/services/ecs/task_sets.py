"""Task sets: parts of a service whose deployments somebody else carries out.

Each has its own definition and a share of the service's desired count; none replaces another.
Source: developer guide, "Deploy Amazon ECS services using a third-party controller"; API
reference, TaskSet.
"""

from __future__ import annotations

import math
from typing import Any

from owari.services.ecs.core import PROVISIONING, RUNNING, STOPPED
from owari.services.ecs.describing_services import counts, platform
from owari.services.ecs.lookup import cluster_arn
from owari.services.ecs.names import ecs_arn
from owari.services.ecs.placing_services import is_closed
from owari.services.ecs.protecting import unprotected, wait_for_protected
from owari.services.ecs.records import Task
from owari.services.ecs.scaling import is_good, start_tasks, stop_tasks
from owari.services.ecs.service_rows import ACTIVE, DRAINING, Service
from owari.store.tx import Tx

Json = dict[str, Any]

PRIMARY = "PRIMARY"
STEADY, STABILIZING = "STEADY_STATE", "STABILIZING"
_INNER = ("how", "launch", "clientToken")


def set_arn(service: Service, id: str) -> str:
    return ecs_arn(service.account, service.region, "task-set", service.cluster, service.name, id)


def computed_count(service: Service, made: Json) -> int:
    """Always rounded up."""
    if service.status != ACTIVE or made["status"] == DRAINING:
        return 0
    wanted, percent = int(service.body["desiredCount"]), float(made["scale"]["value"])
    return math.ceil(wanted * percent / 100)


def serve_sets(tx: Tx, service: Service, tasks: list[Task]) -> None:
    kept: list[Task] = []
    for made in service.task_sets:
        mine = [t for t in tasks if t.deployment == made["id"] and t.desired == RUNNING]
        kept += _serve(tx, service, made, mine)
        _settle(tx, service, made, mine)
    wait_for_protected(tx, service, kept)
    live = {task.deployment for task in tasks if task.last != STOPPED}
    for made in [m for m in service.task_sets if m["status"] == DRAINING and m["id"] not in live]:
        forget_set(tx, service, made)


def forget_set(tx: Tx, service: Service, made: Json) -> None:
    service.task_sets.remove(made)
    tx.resources.deleted(set_arn(service, made["id"]))


def _serve(tx: Tx, service: Service, made: Json, mine: list[Task]) -> list[Task]:
    """Those that only their protection keeps."""
    wanted = computed_count(service, made)
    mine = sorted(mine, key=lambda task: (is_good(task), task.seq))
    now = tx.now if service.status == ACTIVE else math.inf
    gone, kept = unprotected(mine, max(len(mine) - wanted, 0), now)
    if is_closed(tx, service, made["launch"]):  # those that do not run yet go at once
        gone = [t for t in mine if t in gone or t.last not in (RUNNING, PROVISIONING)]
    stop_tasks(tx, service, gone)
    start_tasks(tx, service, made, made["launch"], mine, max(wanted - len(mine), 0))
    return kept


def _settle(tx: Tx, service: Service, made: Json, mine: list[Task]) -> None:
    wanted = computed_count(service, made)
    status = STEADY if len(mine) == sum(map(is_good, mine)) == wanted else STABILIZING
    if made["stabilityStatus"] == status:
        return
    made |= {"stabilityStatus": status, "stabilityStatusAt": tx.now}
    if status == STEADY and made["status"] != DRAINING:
        event = {"id": tx.new_id(), "createdAt": tx.now,
                 "message": f"(service {service.name}, taskSet {made['id']}) has reached a steady"
                            " state."}  # fmt: skip
        service.add_event(event)


def shown_set(tx: Tx, service: Service, made: Json, tasks: list[Task]) -> Json:
    """`tasks`: the service's wanted ones."""
    mine = [task for task in tasks if task.deployment == made["id"]]
    how = {k: v for k, v in made["how"].items() if k != "enableExecuteCommand"}
    return {
        **how,
        **platform(made["launch"], made["how"]),
        **{k: v for k, v in made.items() if k not in _INNER},
        "taskSetArn": set_arn(service, made["id"]),
        "serviceArn": service.arn,
        "clusterArn": cluster_arn(tx, service.cluster),
        "computedDesiredCount": computed_count(service, made),
        **counts(mine),
        "tags": [],
    }
