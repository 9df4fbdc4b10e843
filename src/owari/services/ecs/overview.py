"""What `owari status` says of ECS: tasks under way, why they wait, services short of tasks."""

from __future__ import annotations

from collections.abc import Iterator

from owari.services.ecs.core import PROVISIONING
from owari.services.ecs.records import of_row
from owari.services.ecs.service_rows import ACTIVE
from owari.store.encode import loads
from owari.store.tx import Row, Tx
from owari.wire.operation import Notice, Overview, Work, overview

SHOWN_MAX = 100
SETTLES_S = 60.0  # so long a service may take to have its tasks before it is spoken of


@overview("ecs")
def of_ecs(tx: Tx) -> Overview:
    live = tx.all("SELECT last, COUNT(*) AS n FROM ecs_task WHERE last <> 'STOPPED' GROUP BY last")
    counts = {row["last"]: row["n"] for row in live}
    waiting = counts.pop(PROVISIONING, 0)
    yield Work("tasks", sum(counts.values()), waiting)
    if waiting:
        yield from _waiting(tx)
    services = tx.all("SELECT * FROM ecs_service WHERE status = ? ORDER BY name", ACTIVE)
    for row in services:
        yield from _short(tx, row)


def _waiting(tx: Tx) -> Iterator[Notice]:
    """The first says what it lacks; the others are behind it."""
    rows = tx.all(
        "SELECT * FROM ecs_task WHERE last = ? ORDER BY seq LIMIT ?", PROVISIONING, SHOWN_MAX
    )
    for row in rows:
        task = of_row(row)
        lacks = task.state.get("waits")
        why = f"waits for {lacks}" if lacks else "waits its turn: tasks ahead of it start first"
        yield Notice(
            "task", f"{task.family}:{task.revision} ({task.id[:8]})", task.last, why,
            task.account, task.region, alarming=False, since=task.created,
        )  # fmt: skip


def _short(tx: Tx, row: Row) -> Iterator[Notice]:
    wanted, state = loads(row["body"])["desiredCount"], loads(row["state"])
    if not state["deployments"]:
        return  # of its task sets somebody else takes care
    found = tx.one(
        "SELECT COUNT(*) AS n FROM ecs_task WHERE account = ? AND region = ? AND cluster = ?"
        " AND service = ? AND desired = 'RUNNING' AND last = 'RUNNING'",
        row["account"], row["region"], row["cluster"], row["name"],
    )  # fmt: skip
    running = int(found["n"]) if found else 0
    failed = state["failures"] > 0 or state["deployments"][0].get("rolloutState") == "FAILED"
    if running >= wanted and not failed:
        return
    if not failed and tx.now - state["deployments"][0]["createdAt"] < SETTLES_S:
        return
    events = state["events"]
    last = events[0]["message"].removeprefix(f"(service {row['name']}) ") if events else ""
    why = f"{running} of {wanted} tasks run" + (f": {last}" if last else "")
    place = row["account"], row["region"]
    yield Notice("service", f"{row['cluster']}/{row['name']}", row["status"], why, *place)
