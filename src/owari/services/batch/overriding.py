"""A definition and a submission's overrides become what is run: the job's *body*.

    container / ecs / nodes   one of them, merged
    parameters, retry, timeout_s, platform, propagate, consumables
    depends                   as submitted

The body is a value of its own: later revisions of the definition do not touch it.
Source: Batch API reference, SubmitJob.
"""

from __future__ import annotations

from typing import Any

from owari.services.batch.definitions import (
    check_container,
    check_ecs,
    check_nodes,
    checked_count,
    nodes_in,
)
from owari.services.batch.faults import beyond_owari, client

Json = dict[str, Any]


def body_of(definition: Json, p: Json) -> Json:
    """Raises ClientException for overrides that do not fit the definition."""
    if "eksPropertiesOverride" in p:
        raise beyond_owari("eksPropertiesOverride")
    retry = p.get("retryStrategy") or definition.get("retryStrategy") or {}
    timeout = p.get("timeout") or definition.get("timeout") or {}
    consumables = p.get("consumableResourcePropertiesOverride") or definition.get(
        "consumableResourceProperties", {}
    )
    body: Json = {
        "parameters": definition.get("parameters", {}) | p.get("parameters", {}),
        "retry": {"attempts": 1} | retry,
        "timeout_s": timeout.get("attemptDurationSeconds"),
        "platform": definition.get("platformCapabilities") or ["EC2"],
        "propagate": p.get("propagateTags", definition.get("propagateTags", False)),
        "consumables": consumables.get("consumableResourceList", []),
        "depends": p.get("dependsOn", []),
    }
    return body | _containers(definition, p, fargate="FARGATE" in body["platform"])


def _containers(definition: Json, p: Json, *, fargate: bool) -> Json:
    if "nodeProperties" in definition:
        _refuse(p, "containerOverrides", "ecsPropertiesOverride", kind="multi-node")
        nodes = override_nodes(definition["nodeProperties"], p.get("nodeOverrides", {}))
        check_nodes(nodes)
        return {"nodes": nodes}
    if "ecsProperties" in definition:
        _refuse(p, "containerOverrides", "nodeOverrides", kind="ecsProperties")
        ecs = override_ecs(definition["ecsProperties"], p.get("ecsPropertiesOverride", {}))
        check_ecs(ecs, fargate=fargate)
        return {"ecs": ecs}
    _refuse(p, "nodeOverrides", "ecsPropertiesOverride", kind="container")
    container = override_container(
        definition["containerProperties"], p.get("containerOverrides", {})
    )
    check_container(container, fargate=fargate, named=False)
    return {"container": container}


def _refuse(p: Json, *names: str, kind: str) -> None:
    for name in names:
        if name in p:
            raise client(f"{name} can't be specified for {kind} job definitions.")


def override_container(container: Json, overrides: Json) -> Json:
    """Command and instance type replace; environment and requirements merge by name and type."""
    merged = dict(container)
    for name in ("command", "instanceType"):
        if name in overrides:
            merged[name] = overrides[name]
    if "environment" in overrides:
        merged["environment"] = _by(
            "name", container.get("environment", []), overrides["environment"]
        )
    asked = list(overrides.get("resourceRequirements", []))
    for old, new in (("vcpus", "VCPU"), ("memory", "MEMORY")):
        if old in overrides:
            asked.append({"type": new, "value": str(overrides[old])})
    if asked:
        merged["resourceRequirements"] = _by(
            "type", container.get("resourceRequirements", []), asked
        )
    return merged


def _by(key: str, base: list[Json], over: list[Json]) -> list[Json]:
    return list(({e.get(key): e for e in base} | {e.get(key): e for e in over}).values())


def override_ecs(properties: Json, overrides: Json) -> Json:
    tasks = overrides.get("taskProperties", [])
    if not tasks:
        return properties
    task = properties["taskProperties"][0]
    by_name = {c.get("name"): c for c in tasks[0].get("containers", ())}
    unknown = by_name.keys() - {c["name"] for c in task["containers"]}
    if unknown:
        raise client(f"The job definition has no containers named {', '.join(map(str, unknown))}.")
    containers = [override_container(c, by_name.get(c["name"], {})) for c in task["containers"]]
    return {"taskProperties": [task | {"containers": containers}]}


def override_nodes(properties: Json, overrides: Json) -> Json:
    """`numNodes` may change where the last range is open; overrides go to the ranges they hit."""
    count = checked_count(overrides.get("numNodes") or properties["numNodes"])
    ranges = [dict(entry) for entry in properties["nodeRangeProperties"]]
    for override in overrides.get("nodePropertyOverrides", ()):
        target = set(nodes_in(override["targetNodes"], count))
        hit = [e for e in ranges if target & set(nodes_in(e["targetNodes"], count))]
        if not hit:
            raise client(f"targetNodes '{override['targetNodes']}' hits no node range.")
        for entry in hit:
            if "containerOverrides" in override and "container" in entry:
                entry["container"] = override_container(
                    entry["container"], override["containerOverrides"]
                )
            if "ecsPropertiesOverride" in override and "ecsProperties" in entry:
                entry["ecsProperties"] = override_ecs(
                    entry["ecsProperties"], override["ecsPropertiesOverride"]
                )
    return properties | {"numNodes": count, "nodeRangeProperties": ranges}
