"""What a compute environment may say. Bounds of the Batch API reference, ComputeResource."""

from __future__ import annotations

import json
from typing import Any

from owari.services.batch.faults import beyond_owari, client, refused

Json = dict[str, Any]

FARGATE_TYPES = ("FARGATE", "FARGATE_SPOT")
EC2_TYPES = ("EC2", "SPOT")
NOT_ON_FARGATE = (
    "minvCpus", "desiredvCpus", "instanceTypes", "imageId", "ec2KeyPair", "instanceRole", "tags",
    "placementGroup", "bidPercentage", "spotIamFleetRole", "launchTemplate", "ec2Configuration",
    "allocationStrategy",
)  # fmt: skip
KEPT = ("type", "unmanagedvCpus", "serviceRole", "computeResources", "context", "ecsSettings")


def is_fargate(body: str) -> bool:
    """Of a stored environment."""
    return json.loads(body).get("computeResources", {}).get("type") in FARGATE_TYPES


def environment_of(p: Json) -> Json:
    """What is stored of a CreateComputeEnvironment request. Raises ClientException."""
    if "eksConfiguration" in p:
        raise beyond_owari("compute environments with eksConfiguration")
    body = {key: p[key] for key in KEPT if key in p}
    if p["type"] == "UNMANAGED":
        if "computeResources" in p:
            raise client(
                "computeResources can't be specified for an UNMANAGED compute environment."
            )
        return body
    if "unmanagedvCpus" in p:
        raise client("unmanagedvCpus can only be specified for UNMANAGED compute environments.")
    if "computeResources" not in p:
        raise refused("computeResources must be specified for a MANAGED compute environment.")
    check_resources(p["computeResources"])
    _check_needed(p["computeResources"])
    return body


def check_resources(resources: Json) -> None:
    kind = resources["type"]
    if kind not in FARGATE_TYPES + EC2_TYPES:
        raise beyond_owari(f"compute environments of type {kind}")
    most = resources["maxvCpus"]
    if most < 1:
        raise refused("computeResources.maxvCpus must be greater than 0.")
    if kind in FARGATE_TYPES:
        given = [name for name in NOT_ON_FARGATE if name in resources]
        if given:
            raise refused(f"{', '.join(given)} can't be specified for Fargate compute resources.")
        return
    least = resources.get("minvCpus", 0)
    desired = resources.get("desiredvCpus", least)
    if least < 0:
        raise refused("computeResources.minvCpus must not be negative.")
    if not least <= desired <= most:
        raise refused(
            "computeResources.desiredvCpus must be between minvCpus and maxvCpus"
            f" ({least} to {most})."
        )


def _check_needed(resources: Json) -> None:
    """Security groups of EC2 instances may come from a launch template."""
    kind = resources["type"]
    needed = ["subnets"]
    if kind in EC2_TYPES:
        needed.append("instanceRole")
    if kind in FARGATE_TYPES or "launchTemplate" not in resources:
        needed.append("securityGroupIds")
    lacking = [name for name in needed if not resources.get(name)]
    if lacking:
        raise refused(f"computeResources.{lacking[0]} must be specified for {kind}.")


def updated(body: Json, p: Json) -> Json:
    """The environment after an UpdateComputeEnvironment request. Raises ClientException."""
    changed = dict(body)
    for name in ("unmanagedvCpus", "serviceRole", "context", "ecsSettings", "updatePolicy"):
        if name in p:
            changed[name] = p[name]
    if "computeResources" in p:
        if body["type"] == "UNMANAGED":
            raise client(
                "computeResources can't be specified for an UNMANAGED compute environment."
            )
        resources = body["computeResources"] | _changes(body["computeResources"], p)
        check_resources(resources)
        changed["computeResources"] = resources
    return changed


def _changes(resources: Json, p: Json) -> Json:
    """On Fargate an empty list of subnets or security groups changes nothing."""
    asked: Json = p["computeResources"]
    if resources["type"] not in FARGATE_TYPES:
        return asked
    return {k: v for k, v in asked.items() if v or k not in ("subnets", "securityGroupIds")}


def desired_vcpus(resources: Json, in_use: int) -> int:
    """What AWS would scale to: at least what is in use. `in_use` in vCPU thousandths."""
    asked: int = resources.get("desiredvCpus") or resources.get("minvCpus") or 0
    most: int = resources["maxvCpus"]
    return min(max(asked, -(-in_use // 1000)), most)
