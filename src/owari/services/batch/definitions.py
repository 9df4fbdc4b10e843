"""What a job definition may say. Bounds of the Batch API reference, RegisterJobDefinition."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from owari.mounts import FILE_SYSTEM
from owari.services.batch.demands import Size, check_fargate, check_whole_vcpus, size_of, total
from owari.services.batch.faults import beyond_owari, client, refused
from owari.services.batch.names import check_name
from owari.services.batch.retrying import check_retry_strategy

Json = dict[str, Any]

TIMEOUT_MIN_S = 60
NODES_MAX = 1000
CONTAINERS_MAX = 10
DEFINITION_MAX_BYTES = 24 * 1024
PRIORITY_MAX = 9999
KEPT = (
    "type", "parameters", "schedulingPriority", "containerProperties", "nodeProperties",
    "retryStrategy", "propagateTags", "timeout", "platformCapabilities", "ecsProperties",
    "consumableResourceProperties",
)  # fmt: skip

# What a container is described with where it says nothing.
CONTAINER_DEFAULTS: Json = {
    "command": [], "volumes": [], "environment": [], "mountPoints": [], "ulimits": [],
    "resourceRequirements": [], "secrets": [],
}  # fmt: skip


def shown_nodes(properties: Json) -> Json:
    """nodeProperties as they are described."""
    ranges = [
        entry | {"container": CONTAINER_DEFAULTS | entry["container"]}
        if "container" in entry
        else entry
        for entry in properties["nodeRangeProperties"]
    ]
    return properties | {"nodeRangeProperties": ranges}


def definition_of(p: Json) -> Json:
    """What is stored of a RegisterJobDefinition request. Raises ClientException."""
    check_name("jobDefinitionName", p["jobDefinitionName"])
    if "eksProperties" in p:
        raise beyond_owari("job definitions with eksProperties")
    if len(json.dumps(p, default=str)) > DEFINITION_MAX_BYTES:
        raise client("Job definition exceeds the maximum size of 24 KiB.")
    kind = p["type"]
    if kind == "multinode":
        _check_multinode(p)
    else:
        _check_container_kind(p)
    check_settings(p)
    return {key: p[key] for key in KEPT if key in p}


def check_settings(p: Json) -> None:
    """What a definition and a submission share."""
    check_retry_strategy(p.get("retryStrategy", {}))
    timeout = p.get("timeout", {}).get("attemptDurationSeconds")
    if timeout is not None and timeout < TIMEOUT_MIN_S:
        raise refused(f"Timeout attemptDurationSeconds must be at least {TIMEOUT_MIN_S} seconds.")
    for name in ("schedulingPriority", "schedulingPriorityOverride"):
        if not 0 <= p.get(name, 0) <= PRIORITY_MAX:
            raise client(f"{name} must be between 0 and {PRIORITY_MAX}.")


def _check_container_kind(p: Json) -> None:
    if "nodeProperties" in p:
        raise client("nodeProperties can't be specified for container job definitions.")
    given = [name for name in ("containerProperties", "ecsProperties") if name in p]
    if not given:
        raise refused("Container properties should not be empty.")
    if len(given) > 1:
        raise client("Only one of containerProperties and ecsProperties can be specified.")
    fargate = "FARGATE" in p.get("platformCapabilities", ())
    if "containerProperties" in p:
        check_container(p["containerProperties"], fargate=fargate, named=False)
    else:
        check_ecs(p["ecsProperties"], fargate=fargate)


def check_container(container: Json, *, fargate: bool, named: bool) -> None:
    """Raises ClientException."""
    if not container.get("image"):
        raise refused("Container image should not be empty.")
    size = size_of(container)
    if fargate:
        _check_fargate_container(container, size, named=named)
    else:
        check_whole_vcpus(size)
    _check_mounts(container, container.get("volumes", []))


def _check_fargate_container(container: Json, size: Size, *, named: bool) -> None:
    """Batch user guide, "Job definitions on Fargate". Of a task's containers the sum counts."""
    old = [name for name in ("vcpus", "memory") if name in container]
    if old:
        raise client(
            f"{' and '.join(old)} can't be specified for Fargate jobs; use resourceRequirements."
        )
    if container.get("privileged"):
        raise client("Privileged containers are not supported on Fargate.")
    if named:
        return
    if not container.get("executionRoleArn"):
        raise client("executionRoleArn is required for Fargate jobs.")
    check_fargate(size)


def _check_mounts(container: Json, volumes: list[Json]) -> None:
    names = set()
    for volume in volumes:
        if "s3filesVolumeConfiguration" in volume:
            raise beyond_owari("volumes with s3filesVolumeConfiguration")
        file_system = volume.get("efsVolumeConfiguration", {}).get("fileSystemId", "fs-0")
        if not FILE_SYSTEM.fullmatch(file_system):
            raise refused(f"fileSystemId {file_system} is not the id of a file system, as fs-1234.")
        names.add(volume.get("name"))
    for mount in container.get("mountPoints", ()):
        if mount.get("sourceVolume") not in names:
            raise refused(f"Unknown volume '{mount.get('sourceVolume')}'.")
        if not mount.get("containerPath", "").startswith("/"):
            raise refused("mountPoints containerPath must be an absolute path.")
    for tmpfs in container.get("linuxParameters", {}).get("tmpfs", ()):
        if tmpfs["size"] < 1:
            raise refused("tmpfs size must be at least 1 MiB.")
    for variable in container.get("environment", ()):
        if not variable.get("name"):
            raise refused("Environment variable name should not be empty.")
        if variable["name"].startswith("AWS_BATCH"):
            raise client("Environment variables must not start with AWS_BATCH.")


def check_ecs(properties: Json, *, fargate: bool) -> None:
    tasks = properties["taskProperties"]
    if len(tasks) != 1:
        raise client("ecsProperties must have exactly one element in taskProperties.")
    containers = tasks[0]["containers"]
    if not 1 <= len(containers) <= CONTAINERS_MAX:
        raise client(f"taskProperties must have between 1 and {CONTAINERS_MAX} containers.")
    names = [c.get("name") for c in containers]
    if None in names or len(set(names)) != len(names):
        raise client("Containers of taskProperties must have unique names.")
    for container in containers:
        check_container(
            container | {"volumes": tasks[0].get("volumes", [])}, fargate=fargate, named=True
        )
    if fargate:
        if not tasks[0].get("executionRoleArn"):
            raise client("executionRoleArn is required for Fargate jobs.")
        check_fargate(total(size_of(c) for c in containers))
    if not any(c.get("essential", True) for c in containers):
        raise client("At least one container must be essential.")
    _check_order(containers)


def _check_order(containers: list[Json]) -> None:
    """Dependencies name containers of the task and have no cycle."""
    waits = {
        c["name"]: {d.get("containerName") for d in c.get("dependsOn", ())} for c in containers
    }
    for name, others in waits.items():
        if not others <= waits.keys() - {name}:
            raise client(f"Container {name} depends on a container that is not in the task.")
    for container in containers:
        for dependency in container.get("dependsOn", ()):
            if dependency.get("condition") not in ("START", "COMPLETE", "SUCCESS"):
                raise client("dependsOn condition must be START, COMPLETE or SUCCESS.")
    while waits:
        free = {name for name, others in waits.items() if not others & waits.keys()}
        if not free:
            raise client("Containers depend on one another in a circle.")
        waits = {name: others for name, others in waits.items() if name not in free}


def _check_multinode(p: Json) -> None:
    if "containerProperties" in p or "ecsProperties" in p:
        raise client("A multinode job definition specifies its containers in nodeProperties.")
    if "FARGATE" in p.get("platformCapabilities", ()):
        raise client("Multi-node parallel jobs are not supported on Fargate.")
    properties = p.get("nodeProperties")
    if properties is None:
        raise refused("Node properties should not be empty.")
    check_nodes(properties)


def checked_count(nodes: int) -> int:
    if not 1 <= nodes <= NODES_MAX:
        raise client(f"numNodes must be between 1 and {NODES_MAX}.")
    return nodes


def check_nodes(properties: Json) -> None:
    """Every node has its container, the main node is one of them."""
    count = checked_count(properties["numNodes"])
    if not 0 <= properties["mainNode"] < count:
        raise client("mainNode must be smaller than numNodes.")
    covered: set[int] = set()
    for entry in properties["nodeRangeProperties"]:
        covered |= set(nodes_in(entry["targetNodes"], count))
        if "ecsProperties" in entry:
            check_ecs(entry["ecsProperties"], fargate=False)
        elif "container" in entry:
            check_container(entry["container"], fargate=False, named=False)
        else:
            raise refused("Container properties should not be empty.")
    if covered != set(range(count)):
        raise client("nodeRangeProperties must cover all nodes.")


def nodes_in(target: str, count: int) -> Iterator[int]:
    """`0:3`, `:3`, `2:`, or `5`. Raises ClientException."""
    first, colon, last = target.partition(":")
    try:
        start = int(first) if first else 0
        end = (int(last) if last else count - 1) if colon else start
    except ValueError:
        raise client(f"targetNodes '{target}' is not a valid range.") from None
    if not 0 <= start <= end < max(count, 1):
        raise client(f"targetNodes '{target}' is not a range of nodes below {count}.")
    return iter(range(start, end + 1))
