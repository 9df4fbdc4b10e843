"""Finding what a request names: clusters, task definitions, tasks."""

from __future__ import annotations

from typing import Any

from owari.services.ecs import records, rows
from owari.services.ecs.faults import client, no_cluster
from owari.services.ecs.names import DEFAULT_CLUSTER, definition_reference, ecs_arn, last_of, within
from owari.services.ecs.records import Task
from owari.store.tx import Row, Tx


def cluster_arn(tx: Tx, name: str) -> str:
    return ecs_arn(tx.account, tx.region, "cluster", name)


def active_cluster(tx: Tx, p: dict[str, Any]) -> Row:
    """The one named, else `default`. Raises ClusterNotFoundException."""
    row = rows.cluster(tx, last_of(p.get("cluster") or DEFAULT_CLUSTER, "cluster"))
    if row is None or row["status"] != "ACTIVE":
        raise no_cluster()
    return row


def active_definition(tx: Tx, reference: str) -> Row:
    """Raises ClientException."""
    family, revision = definition_reference(reference)
    row = rows.definition(tx, family, revision)
    if row is None:
        raise client("TaskDefinition not found.")
    if row["status"] != "ACTIVE":
        raise client("TaskDefinition is inactive")
    return row


def definition_arn(tx: Tx, family: str, revision: int) -> str:
    return ecs_arn(tx.account, tx.region, "task-definition", f"{family}:{revision}")


def task_in(tx: Tx, cluster: str, reference: str) -> Task | None:
    found = records.task(tx, tx.account, tx.region, within(cluster, reference, "task"))
    return found if found is not None and found.cluster == cluster else None
