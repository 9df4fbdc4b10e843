"""Container instances: this machine, as each cluster sees it.

A cluster keeps a row of its own for it once its state or its attributes were changed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from owari.services.ecs import records
from owari.services.ecs.core import PROVISIONING, RUNNING
from owari.services.ecs.machines import Machine, machine_of, set_aside
from owari.services.ecs.names import ecs_arn, within
from owari.services.ecs.records import Task
from owari.services.ecs.times import iso
from owari.store import bus
from owari.store.encode import dumps, loads
from owari.store.tx import Tx

Json = dict[str, Any]

ACTIVE, DRAINING = "ACTIVE", "DRAINING"
FARGATE = "FARGATE"  # no container instance carries such a task
CAPABILITIES = (
    "com.amazonaws.ecs.capability.logging-driver.awslogs",
    "com.amazonaws.ecs.capability.task-iam-role",
    "ecs.capability.container-health-check",
    "ecs.capability.container-ordering",
    "ecs.capability.efs",
    "ecs.capability.task-cpu-mem-limit",
    "ecs.capability.task-eni",
)


@dataclass(frozen=True, slots=True)
class Instance:
    """`own`: attributes that were put on it."""

    account: str
    region: str
    cluster: str
    machine: Machine
    status: str
    version: int
    own: dict[str, str]

    @property
    def id(self) -> str:
        whose = f"{self.machine.instance}/{self.account}/{self.region}/{self.cluster}"
        return hashlib.sha256(whose.encode()).hexdigest()[:32]

    @property
    def arn(self) -> str:
        return ecs_arn(self.account, self.region, "container-instance", self.cluster, self.id)

    @property
    def attributes(self) -> dict[str, str]:
        return {
            "ecs.availability-zone": f"{self.region}a",
            "ecs.cpu-architecture": self.machine.architecture,
            "ecs.os-type": "linux",
            **dict.fromkeys(CAPABILITIES, ""),
            **self.own,
        }


def instance_of(tx: Tx, account: str, region: str, cluster: str) -> Instance | None:
    """None until an agent has told of the machine."""
    machine = machine_of(tx)
    if machine is None or not machine.instance:
        return None
    row = tx.one(
        "SELECT status, version, attributes FROM ecs_instance WHERE account = ? AND region = ?"
        " AND cluster = ?",
        account, region, cluster,
    )  # fmt: skip
    status, version, own = row or (ACTIVE, 1, "{}")
    return Instance(account, region, cluster, machine, status, version, loads(own))


def instance_named(tx: Tx, cluster: str, reference: str) -> Instance | None:
    """By its id or ARN."""
    found = instance_of(tx, tx.account, tx.region, cluster)
    name = within(cluster, reference, "container-instance")
    return found if found is not None and name == found.id else None


def draining(tx: Tx) -> set[tuple[str, str, str]]:
    """(account, region, cluster) of all that take no new tasks."""
    rows = tx.all("SELECT account, region, cluster FROM ecs_instance WHERE status = ?", DRAINING)
    return {(row["account"], row["region"], row["cluster"]) for row in rows}


def save_instance(tx: Tx, before: Instance, **changed: Any) -> Instance:
    made = replace(before, version=before.version + 1, **changed)
    tx.run(
        "INSERT INTO ecs_instance (account, region, cluster, status, version, attributes)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, cluster) DO UPDATE SET"
        " status = excluded.status, version = excluded.version, attributes = excluded.attributes",
        made.account, made.region, made.cluster, made.status, made.version, dumps(made.own),
    )  # fmt: skip
    return made


def forget_instance(tx: Tx, cluster: str) -> None:
    """The cluster is deleted."""
    found = instance_of(tx, tx.account, tx.region, cluster)
    if found is not None:
        tx.resources.deleted(found.arn)
    tx.run(
        "DELETE FROM ecs_instance WHERE account = ? AND region = ? AND cluster = ?",
        tx.account, tx.region, cluster,
    )  # fmt: skip


def placed_tasks(tx: Tx, cluster: str) -> list[Task]:
    """The cluster's tasks that the instance carries."""
    live = records.live_in(tx, cluster)
    return [task for task in live if task.launch != FARGATE and task.last != PROVISIONING]


# ---- shown
def shown_instance(tx: Tx, instance: Instance) -> Json:
    machine, tasks = instance.machine, placed_tasks(tx, instance.cluster)
    vcpus, memory = set_aside(tx)
    running = sum(task.last == RUNNING for task in tasks)
    return {
        "containerInstanceArn": instance.arn,
        "ec2InstanceId": machine.ec2_id,
        "version": instance.version,
        "versionInfo": {},
        "status": instance.status,
        "agentConnected": machine.connected,
        "registeredAt": machine.registered,
        "registeredResources": _resources(machine.vcpus, machine.memory, []),
        "remainingResources": _resources(
            max(0, machine.vcpus - vcpus), max(0, machine.memory - memory), _ports(tasks)
        ),
        "runningTasksCount": running,
        "pendingTasksCount": sum(task.desired == RUNNING for task in tasks) - running,
        "attributes": [_attribute(name, value) for name, value in instance.attributes.items()],
        "attachments": [],
        "tags": [],
    }


def _attribute(name: str, value: str) -> Json:
    return {"name": name, "value": value} if value else {"name": name}


def _resources(cpu: int, memory: int, ports: list[str]) -> list[Json]:
    empty = {"doubleValue": 0.0, "longValue": 0, "integerValue": 0}
    return [
        {"name": "CPU", "type": "INTEGER", **empty, "integerValue": cpu},
        {"name": "MEMORY", "type": "INTEGER", **empty, "integerValue": memory},
        {"name": "PORTS", "type": "STRINGSET", **empty, "stringSetValue": ports},
    ]


def _ports(tasks: list[Task]) -> list[str]:
    """TCP ports of containers that share the machine's network."""
    found = {
        str(mapping["containerPort"])
        for task in tasks
        if not task.body.get("eni")
        for container in task.containers
        for mapping in container["portMappings"]
        if mapping.get("containerPort") and (mapping.get("protocol") or "tcp") == "tcp"
    }
    return sorted(found, key=int)


def announce_instance(tx: Tx, instance: Instance) -> None:
    """Source: developer guide, "Amazon ECS container instance state change events"."""
    bus.announce(
        tx,
        "aws.ecs",
        "ECS Container Instance State Change",
        lambda: _as_event(tx, instance),
        resources=[instance.arn],
        account=instance.account,
        region=instance.region,
    )


def _as_event(tx: Tx, instance: Instance) -> Json:
    shown = shown_instance(tx, instance)
    return shown | {
        "clusterArn": ecs_arn(instance.account, instance.region, "cluster", instance.cluster),
        "registeredAt": iso(shown["registeredAt"]),
        "updatedAt": iso(tx.now),
    }
