"""Waiting for the end of tasks, for other services: Step Functions' `.sync`.

What is meant is told as the parameters of DescribeTasks: see store/watching.py. Who waits for
several waits for the first that still runs, then for the next.
"""

from __future__ import annotations

import json
from typing import Any

from owari.effects import ReplyTo, Report
from owari.services.ecs import records
from owari.services.ecs.core import STOPPED
from owari.services.ecs.describing import task_detail
from owari.services.ecs.records import Task
from owari.services.ecs.tagging import listed
from owari.store.encode import dumps
from owari.store.tx import Tx
from owari.store.watching import WATCH, answer, asked, watch
from owari.wire.operation import reaction


@reaction("ecs", WATCH)
def on_watch(tx: Tx, report: Report) -> None:
    params, reply = asked(report)
    named = [records.task(tx, tx.account, tx.region, t.rpartition("/")[2]) for t in params["tasks"]]
    tasks = [task for task in named if task is not None]
    running = next((task for task in tasks if task.last != STOPPED), None)
    if running is None:
        answer(tx, reply, {"tasks": [_shown(tx, task) for task in tasks], "failures": []})
        return
    tx.run(
        "INSERT INTO ecs_watcher (account, region, task, service, topic, key, params)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        running.account, running.region, running.id, reply.service, reply.topic, reply.key,
        dumps(params),
    )  # fmt: skip


def tell_watchers(tx: Tx, task: Task) -> None:
    """The task has stopped."""
    watchers = tx.all(
        "DELETE FROM ecs_watcher WHERE account = ? AND region = ? AND task = ?"
        " RETURNING service, topic, key, params",
        task.account, task.region, task.id,
    )  # fmt: skip
    for row in watchers:
        reply = ReplyTo(row["service"], row["topic"], row["key"])
        watch(tx, "ecs", json.loads(row["params"]), reply, account=task.account)


def _shown(tx: Tx, task: Task) -> dict[str, Any]:
    return task_detail(task) | {"tags": listed(tx.resources.tags(task.arn))}
