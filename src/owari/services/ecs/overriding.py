"""A task's containers as RunTask's overrides make them. Source: API reference, TaskOverride."""

from __future__ import annotations

from typing import Any

from owari.services.ecs.definitions import check_parts
from owari.services.ecs.faults import invalid

Json = dict[str, Any]

OVERRIDES_MAX_CHARACTERS = 8_192
_REPLACED = ("command", "cpu", "memory", "memoryReservation", "resourceRequirements")


def containers_of(definition: Json, overrides: Json) -> list[Json]:
    """Raises InvalidParameterException."""
    if len(str(overrides)) > OVERRIDES_MAX_CHARACTERS:
        raise invalid("Overrides must not have more than 8192 characters.")
    by_name = {c.get("name"): c for c in overrides.get("containerOverrides", ())}
    names = {container["name"] for container in definition["containerDefinitions"]}
    for name in by_name:
        if name not in names:
            raise invalid(f"Override for container named {name} is not a container in the"
                          " TaskDefinition.")  # fmt: skip
    for override in by_name.values():
        check_parts(override)
    return [_merged(c, by_name.get(c["name"], {})) for c in definition["containerDefinitions"]]


def _merged(container: Json, override: Json) -> Json:
    made = dict(container)
    made |= {name: override[name] for name in _REPLACED if name in override}
    if "environment" in override:
        own = {v["name"]: v for v in container.get("environment", ())}
        made["environment"] = list((own | {v["name"]: v for v in override["environment"]}).values())
    if "environmentFiles" in override:
        files = [*container.get("environmentFiles", ()), *override["environmentFiles"]]
        made["environmentFiles"] = files
    return made


def shown_overrides(definition: Json, overrides: Json) -> Json:
    """As DescribeTasks shows them: every container is named."""
    by_name = {c.get("name"): c for c in overrides.get("containerOverrides", ())}
    every = [by_name.get(c["name"], {"name": c["name"]})
             for c in definition["containerDefinitions"]]  # fmt: skip
    return {"inferenceAcceleratorOverrides": [], **overrides, "containerOverrides": every}
