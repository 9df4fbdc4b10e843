"""Service deployments, as their history tells of them: to which service revision, and how it went.

One row each. The newest hundred of a service are kept, and go with the service. A rollback belongs
to the deployment that failed: its revision is that of the deployment it goes back to.
Source: developer guide, "View service history using Amazon ECS service deployments".
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from owari.services.ecs import rows
from owari.services.ecs.names import definition_reference, ecs_arn
from owari.services.ecs.service_rows import Service
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

Json = dict[str, Any]

PENDING, IN_PROGRESS, SUCCESSFUL, STOPPED = "PENDING", "IN_PROGRESS", "SUCCESSFUL", "STOPPED"
ROLLBACK_IN_PROGRESS, ROLLBACK_SUCCESSFUL = "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"
ROLLBACK_FAILED = "ROLLBACK_FAILED"
UNDER_WAY = (PENDING, IN_PROGRESS, ROLLBACK_IN_PROGRESS)

KEPT_MAX = 100  # of a service
ID_LENGTH = 21
_KEY = "account = ? AND region = ? AND cluster = ? AND service = ?"
_OF_REVISION = ("loadBalancers", "serviceRegistries")


@dataclass(slots=True)
class Rollout:
    """`revision`: the number of its target. `body`: times, reasons, the revision's own words."""

    account: str
    region: str
    cluster: str
    service: str
    id: str
    revision: str
    seq: int
    created: float
    status: str
    body: Json

    @property
    def arn(self) -> str:
        return self._arn("service-deployment", self.id)

    @property
    def service_arn(self) -> str:
        return ecs_arn(self.account, self.region, "service", self.cluster, self.service)

    def revision_arn(self, number: str) -> str:
        return self._arn("service-revision", number)

    def _arn(self, kind: str, last: str) -> str:
        return ecs_arn(self.account, self.region, kind, self.cluster, self.service, last)


def revision_of(deployment: Json) -> str:
    """Of a rollback, that of the deployment it goes back to."""
    return str(deployment.get("revision") or deployment["id"].rpartition("/")[2])


# ---- what becomes of them
def begin_rollout(tx: Tx, service: Service, deployment: Json) -> None:
    """`deployment` has become the primary one. What was still under way is given up."""
    end_rollout(tx, service, STOPPED, "A new service deployment was started.")
    raw = base64.urlsafe_b64encode(UUID(tx.new_id()).bytes).decode()
    made = Rollout(
        account=service.account,
        region=service.region,
        cluster=service.cluster,
        service=service.name,
        id=raw[:ID_LENGTH],
        revision=revision_of(deployment),
        seq=tx.next_seq(),
        created=tx.now,
        status=PENDING,
        body={
            "updated": tx.now,
            "configuration": service.body["deploymentConfiguration"],
            "sources": sorted({revision_of(d) for d in service.deployments[1:]}),
            "revision": _revision(tx, service, deployment),
        },
    )
    service.state["rollout"] = made.id
    _insert(tx, made)
    _forget_oldest(tx, made)


def _revision(tx: Tx, service: Service, deployment: Json) -> Json:
    family, number = definition_reference(deployment["taskDefinition"])
    definition = rows.definition(tx, family, number)
    containers = loads(definition["body"])["containerDefinitions"] if definition else []
    images = [{"containerName": c["name"], "image": c["image"]} for c in containers]
    how = {k: v for k, v in deployment["how"].items() if k != "enableExecuteCommand"}
    kept = {name: service.body[name] for name in _OF_REVISION if service.body.get(name)}
    named = {"taskDefinition": deployment["taskDefinition"], "containerImages": images}
    return how | kept | named


def start_rollout(tx: Tx, service: Service) -> None:
    """The service is looked after for the first time."""
    found = current_rollout(tx, service)
    if found is not None and found.status == PENDING:
        found.status, found.body["started"] = IN_PROGRESS, tx.now
        save_rollout(tx, found)


def roll_rollout_back(
    tx: Tx, service: Service, deployment: Json, reason: str, failed: int | None
) -> None:
    """`deployment`: the one that goes back, now primary. `failed`: as in `end_rollout`."""
    found = current_rollout(tx, service)
    if found is None:
        return
    found.status = ROLLBACK_IN_PROGRESS
    found.body |= {"reason": reason} | ({} if failed is None else {"failed": failed})
    found.body["rollback"] = {
        "reason": reason,
        "startedAt": tx.now,
        "serviceRevisionArn": found.revision_arn(revision_of(deployment)),
    }
    save_rollout(tx, found)


def end_rollout(
    tx: Tx, service: Service, status: str, reason: str = "", failed: int | None = None
) -> None:
    """SUCCESSFUL and STOPPED become what they are called of a rollback. `failed`: the circuit
    breaker counted so many failed tasks, too many."""
    found = current_rollout(tx, service)
    if found is None or found.status not in UNDER_WAY:
        return
    if found.status == ROLLBACK_IN_PROGRESS:
        status = {SUCCESSFUL: ROLLBACK_SUCCESSFUL, STOPPED: ROLLBACK_FAILED}[status]
    found.status = status
    found.body["finished"] = tx.now
    if status != SUCCESSFUL:
        found.body["stopped"] = tx.now
    if failed is not None:
        found.body["failed"] = failed
    if reason:
        found.body["reason"] = reason
    save_rollout(tx, found)


# ---- rows
def current_rollout(tx: Tx, service: Service) -> Rollout | None:
    """The newest; None of a service that had none yet."""
    id = service.state.get("rollout")
    key = (service.account, service.region, service.cluster, service.name)
    return find_rollout(tx, *key, id) if id else None


def find_rollout(
    tx: Tx, account: str, region: str, cluster: str, service: str, id: str
) -> Rollout | None:
    row = tx.one(
        f"SELECT * FROM ecs_rollout WHERE {_KEY} AND id = ?", account, region, cluster, service, id
    )
    return _of_row(row) if row else None


def find_revision(tx: Tx, cluster: str, service: str, number: str) -> Rollout | None:
    """The deployment that it was made by."""
    row = tx.one(
        f"SELECT * FROM ecs_rollout WHERE {_KEY} AND revision = ?",
        tx.account, tx.region, cluster, service, number,
    )  # fmt: skip
    return _of_row(row) if row else None


def rollouts_of(tx: Tx, service: Service) -> list[Rollout]:
    """Newest first."""
    found = tx.all(
        f"SELECT * FROM ecs_rollout WHERE {_KEY} ORDER BY seq DESC",
        service.account, service.region, service.cluster, service.name,
    )  # fmt: skip
    return [_of_row(row) for row in found]


def _of_row(row: Row) -> Rollout:
    return Rollout(**(dict(row) | {"body": loads(row["body"])}))


def _insert(tx: Tx, made: Rollout) -> None:
    tx.run(
        "INSERT INTO ecs_rollout (account, region, cluster, service, id, revision, seq, created,"
        " status, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        made.account, made.region, made.cluster, made.service, made.id, made.revision, made.seq,
        made.created, made.status, dumps(made.body),
    )  # fmt: skip


def save_rollout(tx: Tx, changed: Rollout) -> None:
    changed.body["updated"] = tx.now
    tx.run(
        f"UPDATE ecs_rollout SET status = ?, body = ? WHERE {_KEY} AND id = ?",
        changed.status, dumps(changed.body),
        changed.account, changed.region, changed.cluster, changed.service, changed.id,
    )  # fmt: skip


def _forget_oldest(tx: Tx, made: Rollout) -> None:
    tx.run(
        f"DELETE FROM ecs_rollout WHERE {_KEY} AND id NOT IN"
        f" (SELECT id FROM ecs_rollout WHERE {_KEY} ORDER BY seq DESC LIMIT ?)",
        *2 * (made.account, made.region, made.cluster, made.service), KEPT_MAX,
    )  # fmt: skip


def forget_rollouts(tx: Tx, service: Service) -> None:
    tx.run(
        f"DELETE FROM ecs_rollout WHERE {_KEY}",
        service.account, service.region, service.cluster, service.name,
    )  # fmt: skip
