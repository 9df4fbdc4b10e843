"""Task sets of a service with the EXTERNAL deployment controller."""

from __future__ import annotations

import json
from typing import Any

from owari.errors import ServiceError
from owari.services.ecs.deployments import HOW, new_id
from owari.services.ecs.describing_services import wanted_tasks
from owari.services.ecs.faults import invalid, no_service, service_not_active
from owari.services.ecs.launching import check
from owari.services.ecs.lookup import active_cluster, active_definition, definition_arn
from owari.services.ecs.names import last_of
from owari.services.ecs.service_rows import (
    ACTIVE,
    DRAINING,
    Service,
    find_service,
    save_service,
)
from owari.services.ecs.strategy import launch_type
from owari.services.ecs.tagging import checked_tags, listed
from owari.services.ecs.task_sets import PRIMARY, STABILIZING, set_arn, shown_set
from owari.services.ecs.waking import look_after
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

SETS_MAX = 5  # service quotas: "Task sets per service"
KEPT = ("externalId", "clientToken")

Json = dict[str, Any]


@operation("ecs", "CreateTaskSet")
def create_task_set(tx: Tx, p: Params) -> Result:
    service = _needed(tx, p)
    known = next((m for m in service.task_sets if _is_same(m, p)), None)
    if known is not None:
        return {"taskSet": _shown(tx, service, known)}
    if len(service.task_sets) >= SETS_MAX:
        raise ServiceError(
            "LimitExceededException",
            f"A service can have at most {SETS_MAX} task sets.",
            status=400,
        )
    definition = active_definition(tx, p["taskDefinition"])
    launched, strategy = launch_type(p, json.loads(active_cluster(tx, p)["body"]))
    check(p, json.loads(definition["body"]), launched)
    how = {name: p[name] for name in HOW if name in p}
    how |= {"capacityProviderStrategy": strategy} if strategy else {"launchType": launched}
    made = {
        "id": new_id(tx),
        "status": ACTIVE,
        "taskDefinition": definition_arn(tx, definition["family"], definition["revision"]),
        "scale": _scale(p.get("scale") or {}),
        "createdAt": tx.now,
        "updatedAt": tx.now,
        "loadBalancers": p.get("loadBalancers", []),
        "serviceRegistries": p.get("serviceRegistries", []),
        "stabilityStatus": STABILIZING,
        "stabilityStatusAt": tx.now,
        "how": how,
        "launch": launched,
        **{name: p[name] for name in KEPT if p.get(name)},
    }
    service.task_sets.append(made)
    tags = checked_tags(p.get("tags", ()))
    tx.resources.created(set_arn(service, made["id"]), "AWS::ECS::TaskSet", tags)
    return _saved(tx, service, made)


def _is_same(made: Json, p: Params) -> bool:
    return bool(p.get("clientToken")) and made.get("clientToken") == p["clientToken"]


def _needed(tx: Tx, p: Params) -> Service:
    """Raises ServiceNotFoundException, ServiceNotActiveException, InvalidParameterException."""
    cluster = active_cluster(tx, p)["name"]
    found = find_service(tx, tx.account, tx.region, cluster, last_of(p["service"], "service"))
    if found is None:
        raise no_service()
    if found.status != ACTIVE:
        raise service_not_active()
    if not found.is_external:
        raise invalid("Task sets are only supported for services with the EXTERNAL deployment"
                      " controller.")  # fmt: skip
    return found


def _scale(given: Json) -> Json:
    value = given.get("value")
    value = 100.0 if value is None else float(value)
    if not 0 <= value <= 100:
        raise invalid("The scale of a task set must be between 0 and 100 percent.")
    return {"value": value, "unit": "PERCENT"}


def _saved(tx: Tx, service: Service, made: Json) -> Result:
    save_service(tx, service)
    look_after(tx, service.account, service.region, f"{service.cluster}/{service.name}")
    return {"taskSet": _shown(tx, service, made)}


def _shown(tx: Tx, service: Service, made: Json) -> Json:
    tags = listed(tx.resources.tags(set_arn(service, made["id"])))
    return shown_set(tx, service, made, wanted_tasks(tx, service)) | {"tags": tags}


@operation("ecs", "DescribeTaskSets", reads=True)
def describe_task_sets(tx: Tx, p: Params) -> Result:
    service = _needed(tx, p)
    found, failures = [], []
    for reference in p.get("taskSets") or [made["id"] for made in service.task_sets]:
        made = _find(service, reference)
        if made is None:
            arn = set_arn(service, _id(reference))
            failures.append({"arn": arn, "reason": "MISSING"})
            continue
        shown = _shown(tx, service, made)
        found.append(shown if "TAGS" in p.get("include", ()) else shown | {"tags": []})
    return {"taskSets": found, "failures": failures}


def _id(reference: str) -> str:
    """`ecs-svc/` and a number, which also ends an ARN."""
    return "ecs-svc/" + reference.rpartition("/")[2]


def _find(service: Service, reference: str) -> Json | None:
    return next((made for made in service.task_sets if made["id"] == _id(reference)), None)


def _one(service: Service, reference: str) -> Json:
    """Raises TaskSetNotFoundException."""
    found = _find(service, reference)
    if found is None:
        raise ServiceError(
            "TaskSetNotFoundException",
            "The specified task set was not found. You can view your available task sets with"
            " DescribeTaskSets. Task sets are specific to each cluster, service and Region.",
            status=400,
        )
    return found


@operation("ecs", "UpdateTaskSet")
def update_task_set(tx: Tx, p: Params) -> Result:
    service = _needed(tx, p)
    made = _one(service, p["taskSet"])
    if made["status"] == DRAINING:
        raise invalid("The task set is DRAINING: its scale can no longer be changed.")
    made |= {"scale": _scale(p["scale"]), "updatedAt": tx.now, "stabilityStatus": STABILIZING}
    return _saved(tx, service, made)


@operation("ecs", "UpdateServicePrimaryTaskSet")
def update_service_primary_task_set(tx: Tx, p: Params) -> Result:
    service = _needed(tx, p)
    made = _one(service, p["primaryTaskSet"])
    if made["status"] == DRAINING:
        raise invalid("A task set that is DRAINING cannot become the primary one.")
    for other in service.task_sets:
        if other["status"] == PRIMARY:
            other["status"] = ACTIVE
    made |= {"status": PRIMARY, "updatedAt": tx.now}
    service.launch = made["launch"]
    return _saved(tx, service, made)


@operation("ecs", "DeleteTaskSet")
def delete_task_set(tx: Tx, p: Params) -> Result:
    """It is DRAINING until its tasks have stopped."""
    service = _needed(tx, p)
    made = _one(service, p["taskSet"])
    if made["scale"]["value"] > 0 and not p.get("force"):
        raise invalid("The task set cannot be deleted while it is scaled above 0. Scale it down"
                      " first, or delete it with force.")  # fmt: skip
    made |= {"status": DRAINING, "updatedAt": tx.now, "stabilityStatus": STABILIZING}
    return _saved(tx, service, made)
