"""Deployments of a service: the current one, and those whose tasks are still to be replaced."""

from __future__ import annotations

from typing import Any

from owari.services.ecs.service_rows import Service
from owari.store.tx import Tx

Json = dict[str, Any]

HOW = (
    "launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration",
    "enableExecuteCommand",
)  # fmt: skip


def new_deployment(
    tx: Tx, service: Service, definition: str, how: Json, reason: str | None = None
) -> None:
    """It becomes the primary one."""
    number = int(tx.new_id().replace("-", "")[:15], 16)
    id = f"ecs-svc/{number:019d}"
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
        "rolloutStateReason": reason or f"ECS deployment {id} in progress.",
        "how": how,
    }
    service.state["deployments"] = [made, *service.state["deployments"]]
    service.state["steady"] = False
