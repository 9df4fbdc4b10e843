"""StartTask: tasks on container instances that are named. What has no room there is not begun."""

from __future__ import annotations

import json

from owari.services.ecs.admitting import begin
from owari.services.ecs.api_run import order_of
from owari.services.ecs.describing import task_detail
from owari.services.ecs.faults import invalid
from owari.services.ecs.instances import DRAINING, Instance, instance_named
from owari.services.ecs.launching import Order, check, launch, size_of
from owari.services.ecs.lookup import active_cluster, active_definition
from owari.services.ecs.machines import set_aside
from owari.services.ecs.names import ecs_arn, within
from owari.services.ecs.tagging import listed
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

INSTANCES_MAX = 10


@operation("ecs", "StartTask")
def start_task(tx: Tx, p: Params) -> Result:
    cluster = active_cluster(tx, p)["name"]
    definition = active_definition(tx, p["taskDefinition"])
    if not 1 <= len(p["containerInstances"]) <= INSTANCES_MAX:
        raise invalid(f"Container instances must have 1 to {INSTANCES_MAX} elements.")
    check(p, json.loads(definition["body"]), "EC2")
    order = order_of(tx, p, cluster, definition)
    tasks, failures = [], []
    for reference in p["containerInstances"]:
        instance = instance_named(tx, cluster, reference)
        name = within(cluster, reference, "container-instance")
        arn = ecs_arn(tx.account, tx.region, "container-instance", cluster, name)
        reason = _why_not(tx, instance, order)
        if reason:
            failures.append({"arn": arn, "reason": reason})
            continue
        task = launch(tx, order, ("EC2", ""))
        begin(tx, task)
        tasks.append(task_detail(task) | {"tags": listed(order.tags)})
    return {"tasks": tasks, "failures": failures}


def _why_not(tx: Tx, instance: Instance | None, order: Order) -> str:
    if instance is None:
        return "MISSING"
    if instance.status == DRAINING:
        return "INACTIVE"
    if not instance.machine.connected:
        return "AGENT"
    vcpus, memory = set_aside(tx)
    more_vcpus, more_memory = size_of(order)
    if vcpus + more_vcpus > instance.machine.vcpus:
        return "RESOURCE:CPU"
    return "RESOURCE:MEMORY" if memory + more_memory > instance.machine.memory else ""
