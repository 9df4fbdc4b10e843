"""Deployments of a service: the current one, and those whose tasks are still to be replaced."""

from __future__ import annotations

from typing import Any

from owari.services.ecs.rollouts import begin_rollout, revision_of, roll_rollout_back
from owari.services.ecs.service_events import announce_deployment
from owari.services.ecs.service_rows import Service
from owari.services.ecs.strategy import launched_by
from owari.services.ecs.waking import look_after
from owari.store.tx import Tx

Json = dict[str, Any]

HOW = (
    "launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration",
    "enableExecuteCommand",
)  # fmt: skip


def new_deployment(tx: Tx, service: Service, definition: str, how: Json) -> None:
    """It becomes the primary one."""
    made = _become_primary(tx, service, definition, how)
    begin_rollout(tx, service, made)
    announce_deployment(tx, service, made, "IN_PROGRESS")


def new_id(tx: Tx) -> str:
    """Of a deployment or a task set."""
    number = int(tx.new_id().replace("-", "")[:15], 16)
    return f"ecs-svc/{number:019d}"


def can_roll_back(service: Service) -> bool:
    """There is one that was completed."""
    return bool(service.state.get("completed"))


def is_rollback(deployment: Json) -> bool:
    return "revision" in deployment


def roll_back(tx: Tx, service: Service, reason: str, why: str, failed: int | None = None) -> None:
    """To the one that was completed last. `reason` is that of the new deployment, `why` that of
    the rollback; `failed`: so many failed tasks were too many."""
    good = service.state["completed"]
    for name in HOW:
        service.body.pop(name, None)
    service.body |= good["how"]
    strategy = good["how"].get("capacityProviderStrategy")
    service.launch = (
        launched_by(strategy) if strategy else good["how"].get("launchType", service.launch)
    )
    made = _become_primary(tx, service, good["taskDefinition"], good["how"])
    made |= {"rolloutStateReason": f"{reason} {good['id']}.", "revision": revision_of(good)}
    roll_rollout_back(tx, service, made, why, failed)
    announce_deployment(tx, service, made, "IN_PROGRESS")
    service.state |= {"failures": 0, "retry_at": tx.now}
    look_after(tx, service.account, service.region, f"{service.cluster}/{service.name}")


def _become_primary(tx: Tx, service: Service, definition: str, how: Json) -> Json:
    id = new_id(tx)
    for older in service.state["deployments"]:
        older["status"] = "ACTIVE"
    made = {
        "id": id,
        "status": "PRIMARY",
        "taskDefinition": definition,
        "createdAt": tx.now,
        "updatedAt": tx.now,
        "failedTasks": 0,
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {id} in progress.",
        "how": how,
    }
    service.state["deployments"] = [made, *service.state["deployments"]]
    service.state["steady"] = False
    return made
