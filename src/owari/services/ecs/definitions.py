"""What a task definition may say. Source: API reference, RegisterTaskDefinition."""

from __future__ import annotations

from typing import Any

from owari.services.ecs.core import depends_on
from owari.services.ecs.faults import client
from owari.services.ecs.names import check_family
from owari.services.ecs.query import compiled
from owari.services.ecs.sizes import check_fargate, cpu_units, memory_mib
from owari.services.ecs.volumes import check_volumes

Json = dict[str, Any]

CONTAINER_DEFAULTS: Json = {
    "cpu": 0, "portMappings": [], "essential": True, "environment": [], "mountPoints": [],
    "volumesFrom": [], "systemControls": [],
}  # fmt: skip
HEALTH_DEFAULTS = {"interval": 30, "timeout": 5, "retries": 3}
HEALTH_BOUNDS = {
    "interval": (5, 300),
    "timeout": (2, 60),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}
FARGATE_STOP_MAX_S = 120
KEPT = (
    "family", "taskRoleArn", "executionRoleArn", "networkMode", "volumes", "placementConstraints",
    "requiresCompatibilities", "cpu", "memory", "pidMode", "ipcMode", "proxyConfiguration",
    "inferenceAccelerators", "ephemeralStorage", "runtimePlatform", "enableFaultInjection",
)  # fmt: skip


def definition_of(p: Json) -> Json:
    """The body of a task definition. Raises ClientException."""
    check_family(p["family"])
    fargate = "FARGATE" in p.get("requiresCompatibilities", ())
    if fargate:
        check_fargate(p.get("cpu"), p.get("memory"))
        if p.get("networkMode") != "awsvpc":
            raise client("Fargate only supports network mode ‘awsvpc’.")
    made = {name: p[name] for name in KEPT if name in p}
    if "cpu" in made:
        made["cpu"] = str(cpu_units(made["cpu"]))
    if "memory" in made:
        made["memory"] = str(memory_mib(made["memory"]))
    made.setdefault("volumes", [])
    made.setdefault("placementConstraints", [])
    for constraint in made["placementConstraints"]:
        if constraint.get("type") != "memberOf" or not constraint.get("expression"):
            raise client("A task definition's placement constraints are expressions of type"
                         " memberOf.")  # fmt: skip
        compiled(constraint["expression"])
    made["containerDefinitions"] = [_container(c, p, fargate) for c in p["containerDefinitions"]]
    _check_containers(made)
    made["compatibilities"] = _compatibilities(made)
    return made


def _compatibilities(made: Json) -> list[str]:
    found = ["EXTERNAL"] if made.get("networkMode") != "awsvpc" else []
    found.append("EC2")
    if "FARGATE" in made.get("requiresCompatibilities", ()):
        return ["EC2", "FARGATE"]
    if made.get("networkMode") == "awsvpc" and "cpu" in made and "memory" in made:
        found.append("FARGATE")
    return found


def _container(given: Json, p: Json, fargate: bool) -> Json:
    made = CONTAINER_DEFAULTS | given
    if not made.get("name") or not made.get("image"):
        raise client("Container.name and Container.image should not be null or empty.")
    name = made["name"]
    if "memory" not in p and not ("memory" in given or "memoryReservation" in given):
        raise client(
            "Invalid setting for container"
            f" '{name}'. At least one of 'memory' or 'memoryReservation' must be specified."
        )
    memory = made.get("memory")
    if memory is not None and (memory < 6 or memory < made.get("memoryReservation", 0)):
        raise client(
            f"Invalid setting for container '{name}'. Memory must be at least 6 MiB and not less"
            " than memoryReservation."
        )
    if "healthCheck" in made:
        made["healthCheck"] = _health_check(name, made["healthCheck"])
    if fargate and made.get("stopTimeout", 0) > FARGATE_STOP_MAX_S:
        raise client(f"Invalid 'stopTimeout' setting for container '{name}': at most"
                     f" {FARGATE_STOP_MAX_S} seconds on Fargate.")  # fmt: skip
    if fargate and made.get("privileged"):
        raise client("Fargate compatible task definitions do not support privileged containers.")
    _check_log(name, made.get("logConfiguration"), fargate)
    check_parts(made)
    return made


def check_parts(container: Json) -> None:
    """Of lists whose entries must say something. Raises ClientException."""
    needed = {
        "environment": "name",
        "mountPoints": "containerPath",
        "resourceRequirements": "value",
    }
    for field, member in needed.items():
        if not all(entry.get(member) for entry in container.get(field, ())):
            raise client(f"Container.{field}: {member} should not be null or empty.")


def _health_check(name: str, given: Json) -> Json:
    made: Json = HEALTH_DEFAULTS | given
    for field, (least, most) in HEALTH_BOUNDS.items():
        if field in made and not least <= made[field] <= most:
            raise client(f"Invalid health check {field} for container '{name}': {least} to {most}.")
    if not made["command"] or made["command"][0] not in ("CMD", "CMD-SHELL", "NONE"):
        raise client(
            f"Health check command of container '{name}' must begin with CMD or CMD-SHELL."
        )
    return made


def _check_log(name: str, log: Json | None, fargate: bool) -> None:
    if log is None or log["logDriver"] != "awslogs":
        return
    options = log.get("options", {})
    needed = ["awslogs-group", "awslogs-region", *(["awslogs-stream-prefix"] if fargate else [])]
    missing = [option for option in needed if not options.get(option)]
    if missing:
        raise client(
            f"Log driver awslogs requires options: {', '.join(needed)} (container '{name}')"
        )


def _check_containers(made: Json) -> None:
    containers = made["containerDefinitions"]
    if not containers:
        raise client("Container list cannot be empty.")
    names = [container["name"] for container in containers]
    if len(set(names)) != len(names):
        raise client("Container names must be unique within a task definition.")
    if not any(container["essential"] for container in containers):
        raise client("At least one essential container must be specified.")
    check_volumes(made["volumes"])
    volumes = {volume["name"] for volume in made["volumes"]}
    for container in containers:
        for point in container["mountPoints"]:
            if point.get("sourceVolume") not in volumes:
                raise client(f"Unknown volume '{point.get('sourceVolume')}'.")
    _check_dependencies(containers)


def _check_dependencies(containers: list[Json]) -> None:
    by_name = {container["name"]: container for container in containers}
    for container in containers:
        for other, condition in depends_on(container):
            if other not in by_name or other == container["name"]:
                raise client(f"Invalid 'dependsOn' setting for container '{container['name']}':"
                             f" container '{other}' does not exist.")  # fmt: skip
            if condition == "HEALTHY" and "healthCheck" not in by_name[other]:
                raise client(f"Container '{other}' must have a health check: container"
                             f" '{container['name']}' depends on it being HEALTHY.")  # fmt: skip
            if condition in ("COMPLETE", "SUCCESS") and by_name[other]["essential"]:
                raise client(f"Container '{other}' is essential and container"
                             f" '{container['name']}' waits for its end.")  # fmt: skip
    done: set[str] = set()
    while ready := [n for n, c in by_name.items() if n not in done
                    and all(o in done for o, _ in depends_on(c))]:  # fmt: skip
        done.update(ready)
    if len(done) < len(by_name):
        raise client("Container dependencies must not form a cycle.")
