"""Capacity providers. Source: API reference, CreateCapacityProvider, AutoScalingGroupProvider."""

from __future__ import annotations

import re
from typing import Any

from owari.services.ecs.faults import client, invalid, not_implemented
from owari.services.ecs.paging import key_of, page_size, token_for
from owari.services.ecs.providers import (
    clusters_with,
    delete_provider,
    find_provider,
    provider_arn,
    provider_name,
    provider_names,
    save_provider,
    shown_provider,
)
from owari.services.ecs.strategy import FARGATE
from owari.services.ecs.tagging import checked_tags, listed
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

Json = dict[str, Any]

DESCRIBED_MAX = 100
PAGE_MAX = 10
NAME = re.compile(r"(?!(?i:aws|ecs|fargate))[A-Za-z0-9_-]{1,255}")
SCALING: Json = {
    "targetCapacity": 100, "minimumScalingStepSize": 1, "maximumScalingStepSize": 10_000,
    "instanceWarmupPeriod": 300,
}  # fmt: skip
BOUNDS = {
    "targetCapacity": (1, 100), "minimumScalingStepSize": (1, 10_000),
    "maximumScalingStepSize": (1, 10_000), "instanceWarmupPeriod": (0, 10_000),
}  # fmt: skip


@operation("ecs", "CreateCapacityProvider")
def create_capacity_provider(tx: Tx, p: Params) -> Result:
    name = p["name"]
    if not NAME.fullmatch(name):
        raise invalid("The specified capacity provider name is invalid. Up to 255 characters are"
                      " allowed, including letters (upper and lowercase), numbers, underscores, and"
                      ' hyphens. The name cannot be prefixed with "aws", "ecs", or "fargate".'
                      " Specify a valid name and try again.")  # fmt: skip
    _only_groups(p)
    if "autoScalingGroupProvider" not in p:
        raise invalid("A capacity provider must have an autoScalingGroupProvider.")
    if find_provider(tx, name) is not None:
        raise invalid("The specified capacity provider already exists. To change the"
                      " configuration of an existing capacity provider, update the capacity"
                      " provider.")  # fmt: skip
    given = p["autoScalingGroupProvider"]
    _check_unique(tx, given["autoScalingGroupArn"])
    tags = checked_tags(p.get("tags", ()))
    body = {"autoScalingGroupProvider": _group(given), "updateStatus": "CREATE_COMPLETE"}
    save_provider(tx, name, body)
    arn = provider_arn(tx, name)
    tx.resources.created(arn, "AWS::ECS::CapacityProvider", tags)
    return {"capacityProvider": shown_provider(name, arn, body) | {"tags": listed(tags)}}


def _only_groups(p: Params) -> None:
    if "managedInstancesProvider" in p:
        raise not_implemented("capacity providers of ECS Managed Instances")


def _check_unique(tx: Tx, group: str) -> None:
    for name in provider_names(tx):
        body = find_provider(tx, name) or {}
        if body.get("autoScalingGroupProvider", {}).get("autoScalingGroupArn") == group:
            raise invalid("The specified Auto Scaling group ARN is already being used by another"
                          " capacity provider. Specify a unique Auto Scaling group ARN and try"
                          " again.")  # fmt: skip


def _group(given: Json) -> Json:
    """With AWS's defaults. Raises InvalidParameterException."""
    scaling = {"status": "DISABLED"} | given.get("managedScaling", {})
    if scaling["status"] == "ENABLED":
        scaling = SCALING | scaling
    for name, (least, most) in BOUNDS.items():
        if not least <= scaling.get(name, least) <= most:
            raise invalid(f"{name} must be between {least} and {most}.")
    made = {"managedTerminationProtection": "DISABLED", "managedDraining": "ENABLED"} | given
    if made["managedTerminationProtection"] == "ENABLED" and scaling["status"] != "ENABLED":
        raise invalid("Managed termination protection can only be used when managed scaling is"
                      " enabled for the capacity provider.")  # fmt: skip
    return made | {"managedScaling": scaling}


@operation("ecs", "UpdateCapacityProvider")
def update_capacity_provider(tx: Tx, p: Params) -> Result:
    name, body = _own(tx, p["name"], "updated")
    _only_groups(p)
    before = body["autoScalingGroupProvider"]
    given = p.get("autoScalingGroupProvider") or {}
    scaling = before["managedScaling"] | given.get("managedScaling", {})
    body = {
        "autoScalingGroupProvider": _group(before | given | {"managedScaling": scaling}),
        "updateStatus": "UPDATE_COMPLETE",
    }
    save_provider(tx, name, body)
    return {"capacityProvider": _shown(tx, name, body)}


def _own(tx: Tx, reference: str, done: str) -> tuple[str, Json]:
    """One that the account made. Raises ClientException."""
    name = provider_name(reference)
    if name in FARGATE:
        raise client(f"The capacity provider {name} is reserved and cannot be {done}.")
    body = find_provider(tx, name)
    if body is None:
        raise client("The specified capacity provider does not exist. Specify a valid name or ARN"
                     " and try again.")  # fmt: skip
    return name, body


def _shown(tx: Tx, name: str, body: Json) -> Json:
    arn = provider_arn(tx, name)
    return shown_provider(name, arn, body) | {"tags": listed(tx.resources.tags(arn))}


@operation("ecs", "DeleteCapacityProvider")
def delete_capacity_provider(tx: Tx, p: Params) -> Result:
    """It must have been taken from every cluster before."""
    name, body = _own(tx, p["capacityProvider"], "deleted")
    for cluster in clusters_with(tx, name):
        raise client("The capacity provider cannot be deleted because it is associated with"
                     f" cluster: {cluster}. Remove the capacity provider from the cluster and try"
                     " again.")  # fmt: skip
    shown = _shown(tx, name, body | {"updateStatus": "DELETE_COMPLETE"}) | {"status": "INACTIVE"}
    delete_provider(tx, name)
    tx.resources.deleted(provider_arn(tx, name))
    return {"capacityProvider": shown}


@operation("ecs", "DescribeCapacityProviders", reads=True)
def describe_capacity_providers(tx: Tx, p: Params) -> Result:
    asked = [provider_name(reference) for reference in p.get("capacityProviders") or ()]
    if len(asked) > DESCRIBED_MAX:
        raise invalid(f"capacityProviders cannot have more than {DESCRIBED_MAX} elements.")
    every = asked or provider_names(tx)
    most, start = page_size(p, PAGE_MAX, PAGE_MAX), key_of(p.get("nextToken"), 0)
    found, failures = [], []
    for name in every[start : start + most]:
        body = find_provider(tx, name)
        if body is None:
            failures.append({"arn": provider_arn(tx, name), "reason": "MISSING"})
            continue
        shown = _shown(tx, name, body)
        found.append(shown if "TAGS" in p.get("include", ()) else shown | {"tags": []})
    result: dict[str, Any] = {"capacityProviders": found, "failures": failures}
    if start + most < len(every):
        result["nextToken"] = token_for(start + most)
    return result
