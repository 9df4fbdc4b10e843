"""Forgetting what AWS forgets: stopped tasks, answers to client tokens, what was deleted.

Looked after once an hour for as long as there is anything to forget, in bounded steps. Sources:
API reference, DescribeTasks ("stopped tasks ... at least one hour"), "Ensuring idempotency" (24
hours), DeleteService and DeleteCluster (inactive ones stay discoverable "for a period of time");
developer guide, "Amazon ECS task definition states" (deleted once nothing active refers to it).
"""

from __future__ import annotations

from owari.effects import ReplyTo, Report
from owari.services.ecs.names import ecs_arn
from owari.services.ecs.rollouts import forget_rollouts
from owari.services.ecs.service_rows import delete_service_row, every_service, long_inactive
from owari.store import sweeps
from owari.store.tx import Tx
from owari.wire.operation import reaction

SWEEP = ReplyTo("ecs", "sweep", "")
SWEEP_EVERY_S = 3600.0
ROWS_AT_ONCE = 500
STOPPED_KEPT_S = 3600.0
INACTIVE_KEPT_S = 3600.0
TOKEN_KEPT_S = 24 * 3600.0


def ensure_sweep(tx: Tx) -> None:
    """Something was left that is to be forgotten some day."""
    sweeps.ensure(tx, SWEEP, SWEEP_EVERY_S)


@reaction("ecs", "sweep")
def on_sweep(tx: Tx, report: Report) -> None:
    more = _forget_tasks(tx) | _forget_tokens(tx)
    for service in long_inactive(tx, tx.now - INACTIVE_KEPT_S):
        forget_rollouts(tx, service)
        delete_service_row(tx, service)
    _forget_clusters(tx)
    _forget_definitions(tx)
    if more:
        tx.again(report, due=tx.now + sweeps.PAUSE_S)
    elif _is_anything_left(tx):
        tx.again(report, due=tx.now + SWEEP_EVERY_S)


def _forget_tasks(tx: Tx) -> bool:
    """True when there are more."""
    old = tx.all(
        "SELECT account, region, cluster, id FROM ecs_task WHERE stopped < ? LIMIT ?",
        tx.now - STOPPED_KEPT_S, ROWS_AT_ONCE,
    )  # fmt: skip
    for row in old:
        account, region, cluster, id = row
        tx.run(
            "DELETE FROM ecs_task WHERE account = ? AND region = ? AND id = ?", account, region, id
        )
        tx.resources_of(account, region).deleted(ecs_arn(account, region, "task", cluster, id))
    return len(old) == ROWS_AT_ONCE


def _forget_tokens(tx: Tx) -> bool:
    """True when there are more."""
    gone = tx.run(
        "DELETE FROM ecs_token WHERE (account, region, token) IN"
        " (SELECT account, region, token FROM ecs_token WHERE created < ? LIMIT ?)",
        tx.now - TOKEN_KEPT_S, ROWS_AT_ONCE,
    )  # fmt: skip
    return gone == ROWS_AT_ONCE


def _forget_clusters(tx: Tx) -> None:
    """Deleted ones of which nothing is remembered any more."""
    tx.run(
        "DELETE FROM ecs_cluster WHERE status = 'INACTIVE'"
        " AND NOT EXISTS (SELECT 1 FROM ecs_task t WHERE t.account = ecs_cluster.account"
        " AND t.region = ecs_cluster.region AND t.cluster = ecs_cluster.name)"
        " AND NOT EXISTS (SELECT 1 FROM ecs_service s WHERE s.account = ecs_cluster.account"
        " AND s.region = ecs_cluster.region AND s.cluster = ecs_cluster.name)"
    )


def _forget_definitions(tx: Tx) -> None:
    """Deleted ones that no task and no service needs any more."""
    deleted = tx.all(
        "SELECT account, region, family, revision FROM ecs_definition"
        " WHERE status = 'DELETE_IN_PROGRESS'"
    )
    needed = _needed_definitions(tx) if deleted else set()
    for row in deleted:
        if _definition(*row) not in needed:
            tx.run(
                "DELETE FROM ecs_definition WHERE account = ? AND region = ? AND family = ?"
                " AND revision = ?",
                *row,
            )


def _needed_definitions(tx: Tx) -> set[str]:
    """Their ARNs."""
    running = tx.all(
        "SELECT DISTINCT account, region, family, revision FROM ecs_task WHERE last <> 'STOPPED'"
    )
    wanted = (arn for service in every_service(tx) for arn in service.definitions)
    return {_definition(*row) for row in running}.union(wanted)


def _definition(account: str, region: str, family: str, revision: int) -> str:
    return ecs_arn(account, region, "task-definition", f"{family}:{revision}")


def _is_anything_left(tx: Tx) -> bool:
    for what in (
        "ecs_task WHERE stopped IS NOT NULL",
        "ecs_token",
        "ecs_service WHERE status = 'INACTIVE'",
        "ecs_cluster WHERE status = 'INACTIVE'",
        "ecs_definition WHERE status = 'DELETE_IN_PROGRESS'",
    ):
        if tx.one(f"SELECT 1 FROM {what} LIMIT 1") is not None:
            return True
    return False
