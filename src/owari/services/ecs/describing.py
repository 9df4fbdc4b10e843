"""A task as DescribeTasks shows it."""

from __future__ import annotations

from typing import Any

from owari.services.ecs.core import GIVEN, OVER, RUNNING, RUNS, STOPPED, Part, health_of
from owari.services.ecs.names import ecs_arn
from owari.services.ecs.records import Task

Json = dict[str, Any]

_TIMES = (
    ("connectivity", "connectivityAt"), ("pull_started", "pullStartedAt"),
    ("pull_stopped", "pullStoppedAt"), ("started", "startedAt"), ("stopping", "stoppingAt"),
    ("execution_stopped", "executionStoppedAt"), ("stopped", "stoppedAt"),
)  # fmt: skip
_ALWAYS = ("availabilityZone", "cpu", "memory", "overrides", "enableExecuteCommand")
_MAYBE = (
    "platformVersion", "platformFamily", "capacityProviderName", "ephemeralStorage",
    "fargateEphemeralStorage",
)  # fmt: skip


def task_detail(task: Task) -> Json:
    body, state = task.body, task.state
    parts = task.parts()
    made: Json = {
        "attachments": _attachments(task),
        "attributes": [{"name": "ecs.cpu-architecture", "value": body["architecture"]}],
        "clusterArn": ecs_arn(task.account, task.region, "cluster", task.cluster),
        "containers": [_container(task, n, part) for n, part in enumerate(parts)],
        "createdAt": task.created,
        "desiredStatus": task.desired,
        "group": body["group"],
        "healthStatus": health_of(task.containers, parts),
        "lastStatus": task.last,
        "launchType": task.launch,
        "taskArn": task.arn,
        "taskDefinitionArn": body["definition"],
        "version": state["version"],
        "inferenceAccelerators": [],
    }
    made |= {name: body[name] for name in _ALWAYS if name in body}
    made |= {name: body[name] for name in _MAYBE if body.get(name)}
    made |= {shown: state[name] for name, shown in _TIMES if state.get(name) is not None}
    if state.get("instance"):
        made["containerInstanceArn"] = state["instance"]
    if state.get("connectivity") is not None:
        made["connectivity"] = "CONNECTED"
    if task.started_by:
        made["startedBy"] = task.started_by
    if state.get("stop_code"):
        made["stopCode"] = state["stop_code"]
    if state.get("stop_reason"):
        made["stoppedReason"] = state["stop_reason"]
    return made


def container_arn(task: Task, number: int) -> str:
    return ecs_arn(
        task.account, task.region, "container", task.cluster, task.id, task.body["ids"][number]
    )


def runtime_id(task: Task, number: int) -> str:
    """As Fargate makes them: the task's id and a number."""
    return f"{task.id}-{int(task.body['ids'][number][:8], 16)}"


def container_status(task: Task, part: Part) -> str:
    if part.state == OVER or task.last == STOPPED:
        return STOPPED
    return RUNNING if part.state == RUNS else "PENDING"


def _container(task: Task, number: int, part: Part) -> Json:
    container = task.containers[number]
    made: Json = {
        "containerArn": container_arn(task, number),
        "taskArn": task.arn,
        "name": container["name"],
        "image": container["image"],
        "lastStatus": container_status(task, part),
        "networkInterfaces": _interfaces(task),
        "networkBindings": _bindings(task, container) if part.state == RUNS else [],
        "healthStatus": part.health,
        "cpu": str(container.get("cpu") or 0),
    }
    if part.state in (GIVEN, RUNS) or part.started is not None:
        made["runtimeId"] = runtime_id(task, number)
    for name in ("memory", "memoryReservation"):
        if container.get(name):
            made[name] = str(container[name])
    if part.state == OVER and part.exit_code is not None:
        made["exitCode"] = part.exit_code
    if part.state == OVER and part.reason:
        made["reason"] = part.reason
    return made


# All containers share this machine's network: what a task has as its address is loopback.
ADDRESS = "127.0.0.1"


def _bindings(task: Task, container: Json) -> list[Json]:
    """Where its ports really are: this machine's, whatever host port was asked for."""
    if task.body.get("eni"):
        return []
    ports = [mapping for mapping in container["portMappings"] if mapping.get("containerPort")]
    return [
        {
            "bindIP": ADDRESS,
            "containerPort": mapping["containerPort"],
            "hostPort": mapping["containerPort"],
            "protocol": mapping.get("protocol") or "tcp",
        }
        for mapping in ports
    ]


def _interfaces(task: Task) -> list[Json]:
    network = task.body.get("eni")
    return (
        []
        if not network
        else [{"attachmentId": network["attachment"], "privateIpv4Address": ADDRESS}]
    )


def _attachments(task: Task) -> list[Json]:
    network = task.body.get("eni")
    if not network:
        return []
    status = "ATTACHED" if task.last != STOPPED else "DELETED"
    if task.state.get("connectivity") is None and task.last != STOPPED:
        status = "PRECREATED"
    details = {
        "subnetId": network["subnet"], "networkInterfaceId": network["id"],
        "privateIPv4Address": ADDRESS,
    }  # fmt: skip
    listed = [{"name": name, "value": value} for name, value in details.items() if value]
    return [
        {
            "id": network["attachment"],
            "type": "ElasticNetworkInterface",
            "status": status,
            "details": listed,
        }
    ]
