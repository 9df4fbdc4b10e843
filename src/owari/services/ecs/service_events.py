"""A service's events on the bus: of its deployments, and what it did.

Source: developer guide, "Amazon ECS deployment state change events", "Amazon ECS service action
events".
"""

from __future__ import annotations

from typing import Any

from owari.services.ecs.names import ecs_arn
from owari.services.ecs.service_rows import Service
from owari.services.ecs.times import iso
from owari.store import bus
from owari.store.tx import Tx


def announce_deployment(tx: Tx, service: Service, deployment: dict[str, Any], state: str) -> None:
    """`state`: IN_PROGRESS, COMPLETED or FAILED."""
    detail = {
        "eventType": "ERROR" if state == "FAILED" else "INFO",
        "eventName": f"SERVICE_DEPLOYMENT_{state}",
        "deploymentId": deployment["id"],
        "updatedAt": iso(tx.now),
        "reason": deployment["rolloutStateReason"],
    }
    _announce(tx, service, "ECS Deployment State Change", detail)


def announce_action(tx: Tx, service: Service, name: str, kind: str = "INFO") -> None:
    """`name`: SERVICE_STEADY_STATE and the like. `kind`: INFO, WARN or ERROR."""
    detail = {
        "eventType": kind,
        "eventName": name,
        "clusterArn": ecs_arn(service.account, service.region, "cluster", service.cluster),
        "createdAt": iso(tx.now),
    }
    _announce(tx, service, "ECS Service Action", detail)


def _announce(tx: Tx, service: Service, kind: str, detail: dict[str, Any]) -> None:
    bus.announce(
        tx,
        "aws.ecs",
        kind,
        lambda: detail,
        resources=[service.arn],
        account=service.account,
        region=service.region,
    )
