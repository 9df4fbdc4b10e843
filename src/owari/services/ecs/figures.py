"""How much of each launch type a cluster has: DescribeClusters' statistics."""

from __future__ import annotations

from owari.services.ecs.core import RUNNING, STOPPED
from owari.services.ecs.service_rows import ACTIVE, DRAINING
from owari.store.tx import Tx

SHOWN = (("EC2", "EC2"), ("Fargate", "FARGATE"))


def statistics(tx: Tx, cluster: str) -> list[dict[str, str]]:
    """As AWS names them."""
    tasks, services = _tasks(tx, cluster), _services(tx, cluster)
    return [
        {"name": f"{state}{word}{what}", "value": str(found.get((kind, key), 0))}
        for state, what, found, key in (
            ("running", "TasksCount", tasks, RUNNING),
            ("pending", "TasksCount", tasks, ""),
            ("active", "ServiceCount", services, ACTIVE),
            ("draining", "ServiceCount", services, DRAINING),
        )
        for word, kind in SHOWN
    ]


def active_services(tx: Tx, cluster: str) -> int:
    return sum(n for (_, status), n in _services(tx, cluster).items() if status == ACTIVE)


def task_counts(tx: Tx, cluster: str) -> tuple[int, int]:
    """(running, pending)"""
    found = _tasks(tx, cluster)
    running = sum(n for (_, last), n in found.items() if last == RUNNING)
    return running, sum(found.values()) - running


def _tasks(tx: Tx, cluster: str) -> dict[tuple[str, str], int]:
    """By launch type and RUNNING, or `` for those that do not run yet."""
    rows = tx.all(
        "SELECT launch, CASE WHEN last = ? THEN last ELSE '' END AS state, COUNT(*) AS n"
        " FROM ecs_task WHERE account = ? AND region = ? AND cluster = ? AND last <> ?"
        " AND desired = ? GROUP BY 1, 2",
        RUNNING, tx.account, tx.region, cluster, STOPPED, RUNNING,
    )  # fmt: skip
    return {(row["launch"], row["state"]): row["n"] for row in rows}


def _services(tx: Tx, cluster: str) -> dict[tuple[str, str], int]:
    rows = tx.all(
        "SELECT launch, status, COUNT(*) AS n FROM ecs_service WHERE account = ? AND region = ?"
        " AND cluster = ? GROUP BY launch, status",
        tx.account, tx.region, cluster,
    )  # fmt: skip
    return {(row["launch"], row["status"]): row["n"] for row in rows}
