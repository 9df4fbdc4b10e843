"""A task's row as an object, and how it is read and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.services.ecs.core import STOPPED, Part
from owari.services.ecs.names import ecs_arn
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

Json = dict[str, Any]


@dataclass(slots=True)
class Task:
    """`body`: what it was started with. `state`: times, reasons and `parts`, as they come."""

    account: str
    region: str
    id: str
    seq: int
    cluster: str
    family: str
    revision: int
    service: str
    deployment: str
    started_by: str
    launch: str
    last: str
    desired: str
    created: float
    stopped: float | None
    vcpus: int
    memory: int
    body: Json
    state: Json

    @property
    def arn(self) -> str:
        return ecs_arn(self.account, self.region, "task", self.cluster, self.id)

    @property
    def containers(self) -> list[Json]:
        found: list[Json] = self.body["containers"]
        return found

    def parts(self) -> list[Part]:
        return [Part(*values) for values in self.state["parts"]]

    def set_parts(self, parts: list[Part]) -> None:
        self.state["parts"] = [part.as_json() for part in parts]


def of_row(row: Row) -> Task:
    fields = dict(row)
    fields["body"], fields["state"] = loads(row["body"]), loads(row["state"])
    return Task(**fields)


def task(tx: Tx, account: str, region: str, id: str) -> Task | None:
    row = tx.one(
        "SELECT * FROM ecs_task WHERE account = ? AND region = ? AND id = ?", account, region, id
    )
    return of_row(row) if row else None


def insert(tx: Tx, made: Task) -> None:
    values = [getattr(made, name) for name in Task.__slots__[:-2]]
    marks = ", ".join("?" * len(Task.__slots__))
    tx.run(
        f"INSERT INTO ecs_task ({', '.join(Task.__slots__)}) VALUES ({marks})",
        *values, dumps(made.body), dumps(made.state),
    )  # fmt: skip


def save(tx: Tx, changed: Task) -> None:
    """What may change: statuses, times, `state`."""
    tx.run(
        "UPDATE ecs_task SET last = ?, desired = ?, stopped = ?, state = ?"
        " WHERE account = ? AND region = ? AND id = ?",
        changed.last, changed.desired, changed.stopped, dumps(changed.state),
        changed.account, changed.region, changed.id,
    )  # fmt: skip


def of_service(tx: Tx, account: str, region: str, cluster: str, service: str) -> list[Task]:
    """Its tasks that have not stopped, oldest first."""
    rows = tx.all(
        "SELECT * FROM ecs_task WHERE account = ? AND region = ? AND cluster = ? AND service = ?"
        " AND last <> ? ORDER BY seq",
        account, region, cluster, service, STOPPED,
    )  # fmt: skip
    return [of_row(row) for row in rows]


def live_in(tx: Tx, cluster: str) -> list[Task]:
    """The tasks of a cluster that have not stopped, oldest first."""
    rows = tx.all(
        "SELECT * FROM ecs_task WHERE account = ? AND region = ? AND cluster = ? AND last <> ?"
        " ORDER BY seq",
        tx.account, tx.region, cluster, STOPPED,
    )  # fmt: skip
    return [of_row(row) for row in rows]
