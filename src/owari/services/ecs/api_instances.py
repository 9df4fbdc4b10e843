"""Container instances: listed, described, drained."""

from __future__ import annotations

from typing import Any

from owari.services.ecs.faults import check_named, invalid
from owari.services.ecs.instances import (
    ACTIVE,
    DRAINING,
    Instance,
    announce_instance,
    instance_named,
    instance_of,
    save_instance,
    shown_instance,
)
from owari.services.ecs.lookup import active_cluster
from owari.services.ecs.names import ecs_arn, within
from owari.services.ecs.paging import key_of, page_size
from owari.services.ecs.placing import looked_at
from owari.services.ecs.query import compiled
from owari.services.ecs.tagging import listed
from owari.services.ecs.waking import placing_changed
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

DESCRIBED_MAX, UPDATED_MAX = 100, 10


@operation("ecs", "ListContainerInstances", reads=True)
def list_container_instances(tx: Tx, p: Params) -> Result:
    """There is one, or none that is meant: always one page."""
    instance = instance_of(tx, tx.account, tx.region, active_cluster(tx, p)["name"])
    page_size(p)
    key_of(p.get("nextToken"), 0)
    chosen = compiled(p["filter"]) if p.get("filter") else None
    if instance is None or p.get("status") not in (None, instance.status):
        return {"containerInstanceArns": []}
    if chosen is not None and not chosen(looked_at(tx, instance)):
        return {"containerInstanceArns": []}
    return {"containerInstanceArns": [instance.arn]}


@operation("ecs", "DescribeContainerInstances", reads=True)
def describe_container_instances(tx: Tx, p: Params) -> Result:
    found, failures = _named(tx, p, DESCRIBED_MAX)
    shown = [shown_instance(tx, instance) for instance in found]
    for made, instance in zip(shown, found, strict=True):
        if "TAGS" in p.get("include", ()):
            made["tags"] = listed(tx.resources.tags(instance.arn))
    return {"containerInstances": shown, "failures": failures}


def _named(tx: Tx, p: Params, most: int) -> tuple[list[Instance], list[dict[str, Any]]]:
    """Those found, and failures. Raises InvalidParameterException."""
    cluster = active_cluster(tx, p)["name"]
    check_named(p["containerInstances"], most, one="Container instance", many="Container instances")
    found, failures = [], []
    for reference in p["containerInstances"]:
        instance = instance_named(tx, cluster, reference)
        if instance is None:
            name = within(cluster, reference, "container-instance")
            arn = ecs_arn(tx.account, tx.region, "container-instance", cluster, name)
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(instance)
    return found, failures


@operation("ecs", "UpdateContainerInstancesState")
def update_container_instances_state(tx: Tx, p: Params) -> Result:
    """DRAINING: nothing is placed there any more, and services take their tasks from it as far as
    their deployment configuration lets them."""
    if p["status"] not in (ACTIVE, DRAINING):
        raise invalid(f"Container instance state cannot be set to {p['status']}.")
    found, failures = _named(tx, p, UPDATED_MAX)
    made = []
    for instance in found:
        if instance.status != p["status"]:
            instance = save_instance(tx, instance, status=p["status"])
            announce_instance(tx, instance)
            placing_changed(tx, instance.cluster)
        made.append(shown_instance(tx, instance))
    return {"containerInstances": made, "failures": failures}
