"""A service as DescribeServices shows it."""

from __future__ import annotations

from typing import Any

from owari.services.ecs import records
from owari.services.ecs.core import RUNNING
from owari.services.ecs.launching import FAMILY, platform_version
from owari.services.ecs.lookup import cluster_arn
from owari.services.ecs.records import Task
from owari.services.ecs.rollouts import UNDER_WAY, current_rollout, revision_of
from owari.services.ecs.service_rows import Service
from owari.store.tx import Tx

Json = dict[str, Any]

_INNER = ("clientToken", "enableExecuteCommand")
_INNER_HOW = ("provider", "enableExecuteCommand")
_INNER_DEPLOYMENT = ("how", "revision")


def service_detail(tx: Tx, service: Service) -> Json:
    wanted = wanted_tasks(tx, service)
    body = {k: v for k, v in service.body.items() if k not in _INNER}
    made = body | {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": cluster_arn(tx, service.cluster),
        "status": service.status,
        **counts(wanted),
        "schedulingStrategy": scheduling(service),
        "deployments": [_deployment(service, d, wanted) for d in service.deployments],
        "events": service.state["events"],
        "createdAt": service.created,
        "enableExecuteCommand": bool(service.body.get("enableExecuteCommand")),
        **_history(tx, service, wanted),
    }
    if service.deployments:
        made["taskDefinition"] = service.primary["taskDefinition"]
    if service.launch == "FARGATE" and not service.is_external:
        made = {"platformVersion": "LATEST", "platformFamily": FAMILY} | made
    for name in ("loadBalancers", "serviceRegistries", "placementConstraints", "placementStrategy"):
        made.setdefault(name, [])
    made.setdefault("propagateTags", "NONE")
    made.setdefault("enableECSManagedTags", False)
    return made


def scheduling(service: Service) -> str:
    return str(service.body.get("schedulingStrategy") or "REPLICA")


def wanted_tasks(tx: Tx, service: Service) -> list[Task]:
    """Those that are to run."""
    key = (service.account, service.region, service.cluster, service.name)
    return [task for task in records.of_service(tx, *key) if task.desired == RUNNING]


def counts(tasks: list[Task]) -> dict[str, int]:
    running = sum(task.last == RUNNING for task in tasks)
    return {"pendingCount": len(tasks) - running, "runningCount": running}


def _deployment(service: Service, deployment: Json, tasks: list[Task]) -> Json:
    mine = [task for task in tasks if task.deployment == deployment["id"]]
    how = {k: v for k, v in deployment["how"].items() if k not in _INNER_HOW}
    how |= platform(service.launch, deployment["how"])
    shown = {k: v for k, v in deployment.items() if k not in _INNER_DEPLOYMENT}
    wanted = service.body["desiredCount"] if deployment is service.primary else 0
    return how | shown | {"desiredCount": wanted} | counts(mine)


def platform(launched: str, how: Json) -> Json:
    """Of Fargate: what runs its tasks."""
    if launched != "FARGATE":
        return {}
    return {"platformVersion": platform_version(how), "platformFamily": FAMILY}


def _history(tx: Tx, service: Service, tasks: list[Task]) -> Json:
    """The service deployment under way, and the service revisions that have tasks."""
    rollout = current_rollout(tx, service)
    if rollout is None:
        return {}
    numbers = dict.fromkeys(map(revision_of, service.deployments))
    revisions = [
        {"arn": rollout.revision_arn(number)} | revision_counts(service, number, tasks)
        for number in numbers
    ]
    under_way = rollout.status in UNDER_WAY
    told = {"currentServiceDeployment": rollout.arn} if under_way else {}
    return told | {"currentServiceRevisions": revisions}


def revision_counts(service: Service, number: str, tasks: list[Task]) -> dict[str, int]:
    """`tasks`: the service's wanted ones."""
    ids = {d["id"] for d in service.deployments if revision_of(d) == number}
    found = counts([task for task in tasks if task.deployment in ids])
    wanted = service.body["desiredCount"] if revision_of(service.primary) == number else 0
    return {
        "requestedTaskCount": wanted,
        "runningTaskCount": found["runningCount"],
        "pendingTaskCount": found["pendingCount"],
    }
