"""The task metadata endpoint, version 4, served by the server itself under a path nobody guesses.

Source: ECS developer guide, "Amazon ECS task metadata endpoint version 4 for Fargate".
"""

from __future__ import annotations

from typing import Any

from owari.services.ecs import records
from owari.services.ecs.core import RUNS, Part
from owari.services.ecs.describing import ADDRESS, container_arn, container_status, runtime_id
from owari.services.ecs.names import ecs_arn
from owari.services.ecs.records import Task
from owari.services.ecs.times import iso
from owari.store.tx import Tx
from owari.wire.operation import page

PREFIX = "/_owari/ecs/v4/"

Json = dict[str, Any]


def metadata_uri(tx: Tx, task: Task, number: int) -> str:
    what = f"{task.account}.{task.region}.{task.id}.{number}"
    return f"{tx.endpoint}{PREFIX}{what}.{tx.issuer.seal(f'ecs:{what}')}"


@page(PREFIX)
def metadata(tx: Tx, path: str) -> Json | None:
    """None when there is no such task, or the path is not one we gave out."""
    name, _, rest = path.partition("/")
    what, _, seal = name.rpartition(".")
    if not tx.issuer.sealed(f"ecs:{what}", seal):
        return None
    account, region, id, number = what.split(".")
    task = records.task(tx, account, region, id)
    if task is None:
        return None
    match rest:
        case "":
            return _container(task, int(number))
        case "task":
            return _task(task)
        case "taskWithTags":
            tags = tx.resources_of(account, region).tags(task.arn)
            return _task(task) | {"TaskTags": tags}
        case _:
            return None


def _task(task: Task) -> Json:
    state = task.state
    limits = {}
    if task.body.get("cpu"):
        limits["CPU"] = int(task.body["cpu"]) / 1024
    if task.body.get("memory"):
        limits["Memory"] = int(task.body["memory"])
    made: Json = {
        "Cluster": ecs_arn(task.account, task.region, "cluster", task.cluster),
        "TaskARN": task.arn,
        "Family": task.family,
        "Revision": str(task.revision),
        "DesiredStatus": task.desired,
        "KnownStatus": task.last,
        "Limits": limits,
        "AvailabilityZone": task.body["availabilityZone"],
        "LaunchType": task.launch,
        "Containers": [_container(task, n) for n in range(len(task.containers))],
    }
    if task.service:
        made["ServiceName"] = task.service
    shown = (("pull_started", "PullStartedAt"), ("pull_stopped", "PullStoppedAt"))
    return made | {name: iso(state[key]) for key, name in shown if state.get(key) is not None}


def _container(task: Task, number: int) -> Json:
    container, part = task.containers[number], task.parts()[number]
    name = container["name"]
    made: Json = {
        "DockerId": runtime_id(task, number),
        "Name": name,
        "DockerName": name,
        "Image": container["image"],
        "ImageID": "",
        "Labels": {
            "com.amazonaws.ecs.cluster": ecs_arn(
                task.account, task.region, "cluster", task.cluster
            ),
            "com.amazonaws.ecs.container-name": name,
            "com.amazonaws.ecs.task-arn": task.arn,
            "com.amazonaws.ecs.task-definition-family": task.family,
            "com.amazonaws.ecs.task-definition-version": str(task.revision),
            **container.get("dockerLabels", {}),
        },
        "DesiredStatus": task.desired,
        "KnownStatus": container_status(task, part),
        "Limits": {"CPU": container.get("cpu") or 2, **_memory(container)},
        "CreatedAt": iso(task.created),
        "Type": "NORMAL",
        "ContainerARN": container_arn(task, number),
        "Networks": [{"NetworkMode": "host", "IPv4Addresses": [ADDRESS]}],
    }
    return made | _times(part) | _health(container, part) | _log(task, container)


def _memory(container: Json) -> Json:
    return {"Memory": container["memory"]} if container.get("memory") else {}


def _times(part: Part) -> Json:
    made: Json = {}
    if part.started is not None:
        made["StartedAt"] = iso(part.started)
    if part.stopped is not None:
        made["FinishedAt"] = iso(part.stopped)
    if part.exit_code is not None and part.state != RUNS:
        made["ExitCode"] = part.exit_code
    return made


def _health(container: Json, part: Part) -> Json:
    return {"Health": {"status": part.health}} if "healthCheck" in container else {}


def _log(task: Task, container: Json) -> Json:
    log = container.get("logConfiguration")
    if log is None:
        return {}
    options = dict(log.get("options", {}))
    if prefix := options.get("awslogs-stream-prefix"):
        options["awslogs-stream"] = f"{prefix}/{container['name']}/{task.id}"
    return {"LogDriver": log["logDriver"], "LogOptions": options}
