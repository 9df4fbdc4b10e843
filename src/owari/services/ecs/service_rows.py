"""A service's row as an object, and how it is read and kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from owari.services.ecs.names import ecs_arn
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

Json = dict[str, Any]

EVENTS_MAX = 100  # "The event stream for your service. A maximum of 100 events are displayed."
ACTIVE, DRAINING, INACTIVE = "ACTIVE", "DRAINING", "INACTIVE"


@dataclass(slots=True)
class Service:
    """`body`: what its owner wants of it. `state`: deployments, events, failures in a row."""

    account: str
    region: str
    cluster: str
    name: str
    status: str
    created: float
    launch: str
    body: Json
    state: Json

    @property
    def arn(self) -> str:
        return ecs_arn(self.account, self.region, "service", self.cluster, self.name)

    @property
    def deployments(self) -> list[Json]:
        found: list[Json] = self.state["deployments"]
        return found

    @property
    def task_sets(self) -> list[Json]:
        """Of the EXTERNAL deployment controller, which has no deployments."""
        found: list[Json] = self.state.setdefault("sets", [])
        return found

    @property
    def is_external(self) -> bool:
        return bool(self.body.get("deploymentController", {}).get("type") == "EXTERNAL")

    @property
    def primary(self) -> Json:
        return self.deployments[0]

    @property
    def definitions(self) -> list[str]:
        """ARNs of the revisions it may start a task of: a deployment's, or rolled back to one."""
        known = [*self.deployments, self.state.get("completed") or {}, *self.task_sets]
        return [deployment["taskDefinition"] for deployment in known if deployment]

    def tell(self, now: float, id: str, message: str) -> None:
        """An event, the newest first."""
        self.add_event({"id": id, "createdAt": now, "message": f"(service {self.name}) {message}"})

    def add_event(self, event: Json) -> None:
        self.state["events"] = [event, *self.state["events"]][:EVENTS_MAX]


def _of_row(row: Row) -> Service:
    fields = dict(row)
    fields["body"], fields["state"] = loads(row["body"]), loads(row["state"])
    return Service(**fields)


def find_service(tx: Tx, account: str, region: str, cluster: str, name: str) -> Service | None:
    row = tx.one(
        "SELECT * FROM ecs_service WHERE account = ? AND region = ? AND cluster = ? AND name = ?",
        account, region, cluster, name,
    )  # fmt: skip
    return _of_row(row) if row else None


def services_in(tx: Tx, cluster: str) -> list[Service]:
    """Those that are not gone, by name."""
    rows = tx.all(
        "SELECT * FROM ecs_service WHERE account = ? AND region = ? AND cluster = ?"
        " AND status <> ? ORDER BY name",
        tx.account, tx.region, cluster, INACTIVE,
    )  # fmt: skip
    return [_of_row(row) for row in rows]


def every_service(tx: Tx) -> Iterator[Service]:
    """Of all accounts and regions, those that are not gone."""
    return map(_of_row, tx.all("SELECT * FROM ecs_service WHERE status <> ?", INACTIVE))


def long_inactive(tx: Tx, before: float) -> list[Service]:
    """Those that were gone before that time."""
    rows = tx.all("SELECT * FROM ecs_service WHERE status = ?", INACTIVE)
    found = map(_of_row, rows)
    return [service for service in found if service.state.get("inactive_since", 0.0) < before]


def delete_service_row(tx: Tx, service: Service) -> None:
    tx.run(
        "DELETE FROM ecs_service WHERE account = ? AND region = ? AND cluster = ? AND name = ?",
        service.account, service.region, service.cluster, service.name,
    )  # fmt: skip


def save_service(tx: Tx, service: Service) -> None:
    tx.run(
        "INSERT INTO ecs_service (account, region, cluster, name, status, created, launch, body,"
        " state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, cluster, name)"
        " DO UPDATE SET status = excluded.status, created = excluded.created,"
        " launch = excluded.launch, body = excluded.body, state = excluded.state",
        service.account, service.region, service.cluster, service.name, service.status,
        service.created, service.launch, dumps(service.body), dumps(service.state),
    )  # fmt: skip
