"""Tasks come into being: by RunTask, by a service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from owari.services.ecs import records
from owari.services.ecs.core import PROVISIONING, RUNNING, Part
from owari.services.ecs.events import announce
from owari.services.ecs.faults import client, invalid
from owari.services.ecs.lookup import definition_arn
from owari.services.ecs.machines import machine_of
from owari.services.ecs.overriding import containers_of, shown_overrides
from owari.services.ecs.records import Task
from owari.services.ecs.sizes import cpu_units, memory_mib, shares
from owari.store.tx import Row, Tx

Json = dict[str, Any]

PLATFORM, FAMILY = "1.4.0", "Linux"  # Fargate's current one


@dataclass(frozen=True, slots=True)
class Order:
    """What RunTask, or a service's deployment, says about its tasks. `how`: its own words."""

    cluster: str
    definition: Row
    how: Json
    group: str
    started_by: str = ""
    service: str = ""
    deployment: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def check(how: Json, definition: Json, launch: str) -> None:
    """Raises ClientException or InvalidParameterException."""
    if launch == "FARGATE" and "FARGATE" not in definition["compatibilities"]:
        raise invalid("Task definition does not support launch_type FARGATE.")
    awsvpc = definition.get("networkMode") == "awsvpc"
    network = (how.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if awsvpc and network is None:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is"
                      " specified.")  # fmt: skip
    if network is not None and not awsvpc:
        raise invalid("Network Configuration is not valid for the given networkMode of this task"
                      " definition.")  # fmt: skip
    if network is not None and not network.get("subnets"):
        raise invalid("subnets can not be empty.")


def launch(tx: Tx, order: Order, kind: tuple[str, str]) -> Task:
    """`kind`: a launch type and a capacity provider, if any. Raises InvalidParameterException."""
    definition = json.loads(order.definition["body"])
    body = _body(tx, order, definition, kind)
    vcpus, memory = _set_aside(body["containers"], body)
    task = Task(
        account=tx.account,
        region=tx.region,
        id=tx.new_id().replace("-", ""),
        seq=tx.next_seq(),
        cluster=order.cluster,
        family=order.definition["family"],
        revision=order.definition["revision"],
        service=order.service,
        deployment=order.deployment,
        started_by=order.started_by,
        launch=kind[0],
        last=PROVISIONING,
        desired=RUNNING,
        created=tx.now,
        stopped=None,
        vcpus=vcpus,
        memory=memory,
        body=body,
        state={"version": 1, "parts": [Part().as_json() for _ in body["containers"]]},
    )
    records.insert(tx, task)
    if order.tags:
        tx.resources.tag(task.arn, order.tags)
    announce(tx, task)
    return task


def size_of(order: Order) -> tuple[int, int]:
    """CPU units and MiB that a task of this order sets aside. Raises as `launch` does."""
    definition, overrides = json.loads(order.definition["body"]), order.how.get("overrides") or {}
    return _set_aside(containers_of(definition, overrides), _size(overrides, definition))


def _set_aside(containers: list[Json], size: Json) -> tuple[int, int]:
    cpu = int(size["cpu"]) if size.get("cpu") else None
    parts = shares(containers, cpu, int(size["memory"]) if size.get("memory") else None)
    return int(sum(share.cpu for share in parts)), sum(share.memory for share in parts)


def _body(tx: Tx, order: Order, definition: Json, kind: tuple[str, str]) -> Json:
    how = order.how
    overrides = how.get("overrides") or {}
    containers = containers_of(definition, overrides)
    made: Json = {
        "architecture": _architecture(definition),
        "availabilityZone": f"{tx.region}a",
        "capacityProviderName": kind[1],
        "containers": containers,
        "definition": definition_arn(tx, order.definition["family"], order.definition["revision"]),
        "enableExecuteCommand": bool(how.get("enableExecuteCommand")),
        "group": order.group,
        "host": _host(tx, kind[0]),
        "ids": [tx.new_id() for _ in containers],
        "overrides": shown_overrides(definition, overrides),
        "task_role": overrides.get("taskRoleArn") or definition.get("taskRoleArn") or "",
        "volumes": definition["volumes"],
    }
    made |= _size(overrides, definition)
    if kind[0] == "FARGATE":
        made |= {"platformVersion": platform_version(how), "platformFamily": FAMILY}
        storage = overrides.get("ephemeralStorage") or definition.get("ephemeralStorage")
        made["ephemeralStorage"] = storage or {"sizeInGiB": 20}
    network = (how.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if network:
        made["eni"] = {
            "attachment": tx.new_id(),
            "id": "eni-" + tx.new_id().replace("-", "")[:17],
            "subnet": network["subnets"][0],
        }
    return made


def _host(tx: Tx, launched: str) -> str:
    """The id of the instance it runs on: with Fargate one of its own."""
    machine = machine_of(tx) if launched != "FARGATE" else None
    return (
        machine.ec2_id if machine and machine.instance else "i-" + tx.new_id().replace("-", "")[:17]
    )


def platform_version(how: Json) -> str:
    version = how.get("platformVersion") or "LATEST"
    return PLATFORM if version == "LATEST" else str(version)


def _size(overrides: Json, definition: Json) -> Json:
    try:
        given = {
            "cpu": str(cpu_units(overrides["cpu"])) if overrides.get("cpu") else None,
            "memory": str(memory_mib(overrides["memory"])) if overrides.get("memory") else None,
        }
    except Exception as wrong:
        raise client(f"Invalid override: {wrong}") from None
    made = {name: value or definition.get(name) for name, value in given.items()}
    return {name: value for name, value in made.items() if value}


def _architecture(definition: Json) -> str:
    asked = definition.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")
    return "arm64" if asked == "ARM64" else "x86_64"
