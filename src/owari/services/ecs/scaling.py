"""Tasks of a service are started and stopped, and the service says so."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.ecs import rows
from owari.services.ecs.core import BY_SCHEDULER, RUNNING, UNHEALTHY, health_of
from owari.services.ecs.launching import Order, launch
from owari.services.ecs.life import ask_to_stop
from owari.services.ecs.names import definition_reference
from owari.services.ecs.placing_services import placeable
from owari.services.ecs.providers import present
from owari.services.ecs.records import Task
from owari.services.ecs.service_rows import Service
from owari.services.ecs.strategy import shared_out
from owari.services.ecs.waking import ask_for_room, look_after
from owari.store.tx import Tx

AT_ONCE_MAX = 10  # tasks started in one transaction; "RunTask in batches of ten"

Json = dict[str, Any]


def is_good(task: Task) -> bool:
    healthy = health_of(task.containers, task.parts()) != UNHEALTHY
    return task.last == RUNNING and task.desired == RUNNING and healthy


def stop_tasks(tx: Tx, service: Service, tasks: list[Task]) -> None:
    for task in tasks:
        reason = f"Scaling activity initiated by (deployment {task.deployment})"
        ask_to_stop(tx, task, BY_SCHEDULER, reason)
    if tasks:
        named = " ".join(f"(task {task.id})" for task in tasks)
        service.tell(tx.now, tx.new_id(), f"has stopped {len(tasks)} running tasks: {named}.")
        service.state["steady"] = False


def start_tasks(
    tx: Tx, service: Service, target: Json, launched: str, mine: list[Task], count: int
) -> None:
    """Up to `count` more for `target`, a deployment or a task set that has those of `mine`: not
    before the throttle lets it, and as far as there is a place."""
    if not count:
        return
    key = f"{service.cluster}/{service.name}"
    if tx.now < service.state["retry_at"]:
        look_after(tx, service.account, service.region, key, service.state["retry_at"])
    elif count := placeable(tx, service, target, launched, min(count, AT_ONCE_MAX)):
        _start(tx, service, target, launched, mine, count)


def _start(
    tx: Tx, service: Service, target: Json, launched: str, mine: list[Task], count: int
) -> None:
    definition = rows.definition(tx, *definition_reference(target["taskDefinition"]))
    assert definition is not None, "a revision stays as long as a service has it"
    order = Order(
        cluster=service.cluster,
        definition=definition,
        how=target["how"],
        group=f"service:{service.name}",
        started_by=target["id"],
        service=service.name,
        deployment=target["id"],
        tags=_tags(tx, service, target["taskDefinition"]),
    )
    strategy = target["how"].get("capacityProviderStrategy", [])
    names = shared_out(strategy, present(mine), count)
    try:
        made = [launch(tx, order, (launched, name)) for name in names]
    except ServiceError as error:
        service.tell(tx.now, tx.new_id(), f"was unable to place a task. Reason: {error.message}.")
        return
    ask_for_room(tx)
    named = " ".join(f"(task {task.id})" for task in made)
    service.tell(tx.now, tx.new_id(), f"has started {len(made)} tasks: {named}.")
    service.state["steady"] = False
    look_after(tx, service.account, service.region, f"{service.cluster}/{service.name}")


def _tags(tx: Tx, service: Service, definition: str) -> dict[str, str]:
    match service.body.get("propagateTags"):
        case "SERVICE":
            return tx.resources.tags(service.arn)
        case "TASK_DEFINITION":
            return tx.resources.tags(definition)
        case _:
            return {}
