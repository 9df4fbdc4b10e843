"""Whether tasks may be placed on the container instance: its state, and placement constraints.

Source: developer guide, "Define which container instances Amazon ECS uses for tasks", "API failure
reasons", "Amazon ECS service event messages". With one machine, the strategies (spread, binpack,
random) all choose the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from owari.services.ecs import records
from owari.services.ecs.core import RUNNING
from owari.services.ecs.faults import invalid
from owari.services.ecs.instances import DRAINING, FARGATE, Instance, instance_of, placed_tasks
from owari.services.ecs.query import Found, compiled
from owari.services.ecs.times import iso
from owari.store.tx import Tx

NO_INSTANCES = "No Container Instances were found in your cluster."
NOT_MEMBER = "MemberOf placement constraint unsatisfied."
NOT_DISTINCT = "DistinctInstance placement constraint unsatisfied."
CONSTRAINTS_MAX = 10

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """For so many tasks there is a place on the instance; why not for more."""

    count: int
    reason: str = ""
    instance: Instance | None = None


def check_constraints(constraints: list[Json], launch: str = "") -> None:
    """Raises InvalidParameterException."""
    if len(constraints) > CONSTRAINTS_MAX:
        raise invalid(f"There can be at most {CONSTRAINTS_MAX} placement constraints.")
    if constraints and launch == FARGATE:
        raise invalid("Placement constraints are not supported with the launch type FARGATE.")
    for constraint in constraints:
        if constraint.get("type") == "memberOf":
            if not constraint.get("expression"):
                raise invalid("The memberOf placement constraint must have an expression.")
            compiled(constraint["expression"])
        elif constraint.get("expression"):
            raise invalid("The distinctInstance placement constraint has no expression.")


def place(
    tx: Tx, launch: str, cluster: str, constraints: Iterable[Json], group: str, count: int
) -> Place:
    """`group`: the task group that the tasks will be of."""
    instance = instance_of(tx, tx.account, tx.region, cluster) if launch != FARGATE else None
    if instance is None:
        return Place(count)
    if instance.status == DRAINING:
        return Place(0, NO_INSTANCES, instance)
    for constraint in constraints:
        if constraint.get("type") == "memberOf":
            if not compiled(constraint["expression"])(looked_at(tx, instance)):
                return Place(0, NOT_MEMBER, instance)
        elif any(t.body["group"] == group and t.launch != FARGATE and t.desired == RUNNING
                 for t in records.live_in(tx, cluster)):  # fmt: skip
            return Place(0, NOT_DISTINCT, instance)
        elif count > 1:
            return Place(1, NOT_DISTINCT, instance)
    return Place(count, "", instance)


def looked_at(tx: Tx, instance: Instance) -> Callable[[str], Found]:
    """What an expression may ask of it."""
    machine = instance.machine

    def value(subject: str) -> Found:
        match subject:
            case "agentConnected":
                return "true" if machine.connected else "false"
            case "ec2InstanceId":
                return machine.ec2_id
            case "registeredAt":
                return iso(machine.registered)
            case "runningTasksCount":
                tasks = placed_tasks(tx, instance.cluster)
                return str(sum(task.last == RUNNING for task in tasks))
            case "task:group":
                return {t.body["group"] for t in placed_tasks(tx, instance.cluster)} or None
            case _:
                return instance.attributes.get(subject.removeprefix("attribute:"))

    return value
