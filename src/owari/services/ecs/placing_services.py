"""Whether a service's tasks may be placed, and what it says when they may not."""

from __future__ import annotations

import json
from typing import Any

from owari.services.ecs import rows
from owari.services.ecs.instances import DRAINING, FARGATE, Instance, instance_of
from owari.services.ecs.names import definition_reference
from owari.services.ecs.placing import NO_INSTANCES, place
from owari.services.ecs.service_rows import ACTIVE, Service
from owari.services.ecs.waking import look_after
from owari.store.tx import Tx

Json = dict[str, Any]

AGAIN_S = 60.0  # a constraint may look at other tasks, which come and go
UNPLACED = "unplaced"  # in a service's state: what it said last


def is_closed(tx: Tx, service: Service, launched: str) -> bool:
    """The instance that carries its tasks of that launch type is DRAINING."""
    if launched == FARGATE or service.status != ACTIVE:
        return False
    instance = instance_of(tx, service.account, service.region, service.cluster)
    return instance is not None and instance.status == DRAINING


def placeable(tx: Tx, service: Service, target: Json, launched: str, count: int) -> int:
    """How many of `count` further tasks of a deployment, or a task set, have a place. What keeps
    others back is said once."""
    definition = rows.definition(tx, *definition_reference(target["taskDefinition"]))
    assert definition is not None, "a revision stays as long as a service has it"
    constraints = [
        *service.body.get("placementConstraints", ()),
        *json.loads(definition["body"])["placementConstraints"],
    ]
    group = f"service:{service.name}"
    found = place(tx, launched, service.cluster, constraints, group, count)
    if found.reason and found.instance and service.state.get(UNPLACED) != found.reason:
        service.tell(tx.now, tx.new_id(), _told(found.reason, found.instance))
    service.state[UNPLACED] = found.reason
    if found.reason and found.reason != NO_INSTANCES:
        key = f"{service.cluster}/{service.name}"
        look_after(tx, service.account, service.region, key, tx.now + AGAIN_S)
    return found.count


def _told(reason: str, instance: Instance) -> str:
    start = "was unable to place a task because no container instance met all of its requirements."
    if reason == NO_INSTANCES:
        return f"{start} Reason: {reason}"
    return (
        f"{start} The closest matching (container-instance {instance.id}) encountered error"
        f' "{reason}". For more information, see the Troubleshooting section.'
    )
