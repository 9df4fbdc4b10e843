"""Clusters: names under which tasks and services are kept apart. All run on this machine."""

from __future__ import annotations

import json
from typing import Any

from owari.errors import ServiceError
from owari.services.ecs import rows
from owari.services.ecs.faults import no_cluster
from owari.services.ecs.figures import active_services, statistics, task_counts
from owari.services.ecs.instances import forget_instance, instance_of
from owari.services.ecs.lookup import active_cluster, cluster_arn
from owari.services.ecs.names import DEFAULT_CLUSTER, check_name, last_of
from owari.services.ecs.paging import key_of, page_size, token_for
from owari.services.ecs.providers import check_removed, with_providers
from owari.services.ecs.service_rows import services_in
from owari.services.ecs.sweeping import ensure_sweep
from owari.services.ecs.tagging import checked_tags, listed
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

KEPT = (
    "settings", "configuration", "capacityProviders", "defaultCapacityProviderStrategy",
    "serviceConnectDefaults",
)  # fmt: skip
PROVIDED = ("capacityProviders", "defaultCapacityProviderStrategy")
DEFAULTS: dict[str, Any] = {
    "settings": [{"name": "containerInsights", "value": "disabled"}],
    "capacityProviders": [],
    "defaultCapacityProviderStrategy": [],
}


@operation("ecs", "CreateCluster")
def create_cluster(tx: Tx, p: Params) -> Result:
    """One that is there is answered as it is; a new one before the machine has joined it."""
    name = check_name("Cluster name", p.get("clusterName") or DEFAULT_CLUSTER)
    tags = checked_tags(p.get("tags", ()))
    row = rows.cluster(tx, name)
    is_new = row is None or row["status"] != "ACTIVE"
    if is_new:
        body = DEFAULTS | {k: p[k] for k in KEPT if k in p}
        rows.save_cluster(tx, name, "ACTIVE", with_providers(tx, body))
        tx.resources.created(cluster_arn(tx, name), "AWS::ECS::Cluster", tags)
    shown = _shown(tx, _row(tx, name), {"TAGS", "SETTINGS"})
    return {"cluster": shown | ({"registeredContainerInstancesCount": 0} if is_new else {})}


def _row(tx: Tx, name: str) -> Row:
    row = rows.cluster(tx, name)
    assert row is not None
    return row


def _shown(tx: Tx, row: Row, include: set[str]) -> dict[str, Any]:
    name, body = row["name"], json.loads(row["body"])
    running, pending = task_counts(tx, name)
    made = body | {
        "clusterArn": cluster_arn(tx, name),
        "clusterName": name,
        "status": row["status"],
        "registeredContainerInstancesCount": int(_has_instance(tx, row)),
        "runningTasksCount": running,
        "pendingTasksCount": pending,
        "activeServicesCount": active_services(tx, name),
        "statistics": statistics(tx, name) if "STATISTICS" in include else [],
        "tags": listed(tx.resources.tags(cluster_arn(tx, name))) if "TAGS" in include else [],
    }
    if "SETTINGS" not in include:
        made["settings"] = []
    if "CONFIGURATIONS" not in include:
        made.pop("configuration", None)
    if "ATTACHMENTS" in include and body["capacityProviders"]:
        made |= {"attachments": [], "attachmentsStatus": "UPDATE_COMPLETE"}
    return dict(made)


def _has_instance(tx: Tx, row: Row) -> bool:
    instance = instance_of(tx, tx.account, tx.region, row["name"])
    return row["status"] == "ACTIVE" and instance is not None


@operation("ecs", "DescribeClusters", reads=True)
def describe_clusters(tx: Tx, p: Params) -> Result:
    found, failures = [], []
    for reference in p.get("clusters") or [DEFAULT_CLUSTER]:
        name = last_of(reference, "cluster")
        row = rows.cluster(tx, name)
        if row is None:
            failures.append({"arn": cluster_arn(tx, name), "reason": "MISSING"})
        else:
            found.append(_shown(tx, row, set(p.get("include", ()))))
    return {"clusters": found, "failures": failures}


@operation("ecs", "ListClusters", reads=True)
def list_clusters(tx: Tx, p: Params) -> Result:
    most = page_size(p)
    found = rows.clusters_after(tx, key_of(p.get("nextToken"), ""), most + 1)
    result: dict[str, Any] = {"clusterArns": [cluster_arn(tx, r["name"]) for r in found[:most]]}
    if len(found) > most:
        result["nextToken"] = token_for(found[most - 1]["name"])
    return result


@operation("ecs", "UpdateCluster")
def update_cluster(tx: Tx, p: Params) -> Result:
    return _updated(tx, p, ("settings", "configuration", "serviceConnectDefaults"))


@operation("ecs", "UpdateClusterSettings")
def update_cluster_settings(tx: Tx, p: Params) -> Result:
    return _updated(tx, p, ("settings",))


@operation("ecs", "PutClusterCapacityProviders")
def put_cluster_capacity_providers(tx: Tx, p: Params) -> Result:
    """Those left out are taken from the cluster, if nothing there uses them."""
    row = active_cluster(tx, p)
    before = json.loads(row["body"])
    body = with_providers(tx, before | {name: p[name] for name in PROVIDED})
    removed = set(before["capacityProviders"]) - set(body["capacityProviders"])
    check_removed(tx, row["name"], removed)
    rows.save_cluster(tx, row["name"], "ACTIVE", body)
    return {"cluster": _shown(tx, _row(tx, row["name"]), {"SETTINGS", "CONFIGURATIONS"})}


def _updated(tx: Tx, p: Params, names: tuple[str, ...]) -> Result:
    row = active_cluster(tx, p)
    body = json.loads(row["body"]) | {name: p[name] for name in names if name in p}
    rows.save_cluster(tx, row["name"], "ACTIVE", body)
    return {"cluster": _shown(tx, _row(tx, row["name"]), {"SETTINGS", "CONFIGURATIONS"})}


@operation("ecs", "DeleteCluster")
def delete_cluster(tx: Tx, p: Params) -> Result:
    name = last_of(p["cluster"], "cluster")
    row = rows.cluster(tx, name)
    if row is None:
        raise no_cluster()
    if services_in(tx, name):
        raise ServiceError(
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
        )
    if any(task_counts(tx, name)):
        raise ServiceError(
            "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."
        )
    rows.save_cluster(tx, name, "INACTIVE", json.loads(row["body"]))
    forget_instance(tx, name)
    ensure_sweep(tx)
    shown = _shown(tx, _row(tx, name), {"TAGS"})
    tx.resources.deleted(cluster_arn(tx, name))
    return {"cluster": shown}
