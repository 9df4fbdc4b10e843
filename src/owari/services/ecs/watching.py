"""Waiting for the end of tasks, for other services: Step Functions' `.sync`.

Nobody polls. A service that wants to know emits

    Wake({"taskArn": arn, "reply": [service, topic, key]}, reply_to=ReplyTo("ecs", "watch", arn))

and its own reaction `(service, topic)` is run with `key` once the task has stopped (at once if it
has, or if there is no such task): `report.result` is `{"taskArn", "task"}`, where `task` is what
DescribeTasks shows (`None` when there is no such task).
"""

from __future__ import annotations

from typing import Any

from owari.effects import ReplyTo, Report, Wake
from owari.services.ecs import records
from owari.services.ecs.core import STOPPED
from owari.services.ecs.describing import task_detail
from owari.services.ecs.records import Task
from owari.store.tx import Tx
from owari.wire.operation import reaction


@reaction("ecs", "watch")
def on_watch(tx: Tx, report: Report) -> None:
    assert report.result is not None
    service, topic, key = report.result["reply"]
    arn = report.result["taskArn"]
    task = records.task(tx, tx.account, tx.region, arn.rpartition("/")[2])
    if task is None or task.last == STOPPED:
        tx.emit(Wake(_ending(task, arn)), reply_to=ReplyTo(service, topic, key))
        return
    tx.run(
        "INSERT INTO ecs_watcher (account, region, task, service, topic, key)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        task.account, task.region, task.id, service, topic, key,
    )  # fmt: skip


def tell_watchers(tx: Tx, task: Task) -> None:
    """The task has stopped."""
    watchers = tx.all(
        "DELETE FROM ecs_watcher WHERE account = ? AND region = ? AND task = ?"
        " RETURNING service, topic, key",
        task.account, task.region, task.id,
    )  # fmt: skip
    for watcher in watchers:
        tx.emit(Wake(_ending(task, task.arn)), reply_to=ReplyTo(*watcher))


def _ending(task: Task | None, arn: str) -> dict[str, Any]:
    return {"taskArn": arn, "task": None if task is None else task_detail(task)}
