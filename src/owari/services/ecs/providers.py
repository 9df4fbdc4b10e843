"""Capacity providers: where they are kept, who uses them, and how they are shown.

FARGATE and FARGATE_SPOT are there by themselves. One of an Auto Scaling group stands for this
machine: the group's name is kept on record, and nothing scales.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from owari.errors import ServiceError
from owari.services.ecs import records
from owari.services.ecs.faults import invalid
from owari.services.ecs.names import ecs_arn, last_of
from owari.services.ecs.service_rows import services_in
from owari.services.ecs.strategy import FARGATE, check_strategy, completed
from owari.store.encode import dumps, loads
from owari.store.tx import Tx

Json = dict[str, Any]


def provider_arn(tx: Tx, name: str) -> str:
    return ecs_arn(tx.account, tx.region, "capacity-provider", name)


def provider_name(reference: str) -> str:
    return last_of(reference, "capacity-provider")


# ---- rows
def find_provider(tx: Tx, name: str) -> Json | None:
    """Its body; that of a predefined one is empty."""
    if name in FARGATE:
        return {}
    row = tx.one(
        "SELECT body FROM ecs_provider WHERE account = ? AND region = ? AND name = ?",
        tx.account, tx.region, name,
    )  # fmt: skip
    return None if row is None else dict(loads(row["body"]))


def provider_names(tx: Tx) -> list[str]:
    """All there are, the predefined ones first."""
    rows = tx.all(
        "SELECT name FROM ecs_provider WHERE account = ? AND region = ? ORDER BY name",
        tx.account, tx.region,
    )  # fmt: skip
    return [*FARGATE, *(row["name"] for row in rows)]


def save_provider(tx: Tx, name: str, body: Json) -> None:
    tx.run(
        "INSERT INTO ecs_provider (account, region, name, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account, region, name) DO UPDATE SET body = excluded.body",
        tx.account, tx.region, name, dumps(body),
    )  # fmt: skip


def delete_provider(tx: Tx, name: str) -> None:
    tx.run(
        "DELETE FROM ecs_provider WHERE account = ? AND region = ? AND name = ?",
        tx.account, tx.region, name,
    )  # fmt: skip


def clusters_with(tx: Tx, name: str) -> list[str]:
    """Those that a provider is associated with."""
    rows = tx.all(
        "SELECT name, body FROM ecs_cluster WHERE account = ? AND region = ? AND status = 'ACTIVE'"
        " ORDER BY name",
        tx.account, tx.region,
    )  # fmt: skip
    return [row["name"] for row in rows if name in loads(row["body"])["capacityProviders"]]


def shown_provider(name: str, arn: str, body: Json) -> Json:
    kind = name if name in FARGATE else "EC2_AUTOSCALING"
    return {
        "capacityProviderArn": arn,
        "name": name,
        "status": "ACTIVE",
        "type": kind,
        "tags": [],
        **body,
    }


# ---- of a cluster
def with_providers(tx: Tx, cluster: Json) -> Json:
    """A cluster's body, its providers by name. Raises InvalidParameterException."""
    names = [provider_name(reference) for reference in cluster["capacityProviders"]]
    for name in names:
        if find_provider(tx, name) is None:
            raise invalid("The specified capacity provider does not exist. Specify a valid name or"
                          " ARN and try again.")  # fmt: skip
    strategy = completed(cluster["defaultCapacityProviderStrategy"])
    check_strategy(strategy, names)
    return cluster | {"capacityProviders": names, "defaultCapacityProviderStrategy": strategy}


def check_removed(tx: Tx, cluster: str, names: Iterable[str]) -> None:
    """Raises ResourceInUseException."""
    if set(names) & set(_used_in(tx, cluster)):
        raise ServiceError(
            "ResourceInUseException",
            "The specified capacity provider is in use and cannot be removed.",
            status=400,
        )


def _used_in(tx: Tx, cluster: str) -> Iterator[str]:
    for service in services_in(tx, cluster):
        for target in (*service.deployments, *service.task_sets):
            for item in target["how"].get("capacityProviderStrategy", ()):
                yield item["capacityProvider"]
    for task in records.live_in(tx, cluster):
        yield task.body.get("capacityProviderName", "")


def present(tasks: Iterable[records.Task]) -> dict[str, int]:
    """How many of these tasks each provider has."""
    made: dict[str, int] = {}
    for task in tasks:
        name = task.body.get("capacityProviderName") or ""
        made[name] = made.get(name, 0) + 1
    return made
