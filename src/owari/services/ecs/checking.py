"""Health checks: commands really run in the container, again and again while it runs.

Source: API reference, HealthCheck; the semantics are those of Docker's HEALTHCHECK.
"""

from __future__ import annotations

from typing import Any

from owari.effects import ReplyTo, Report, Run
from owari.services.ecs import records
from owari.services.ecs.core import HEALTHY, RUNS, UNHEALTHY, Part
from owari.services.ecs.life import proceed, wake
from owari.services.ecs.records import Task
from owari.services.ecs.waking import look_after
from owari.store.tx import Tx
from owari.wire.operation import reaction

MEMORY_MIB = 256
SHELL = "/bin/sh"

Json = dict[str, Any]


def watch_health(tx: Tx, task: Task, number: int) -> None:
    check = task.containers[number].get("healthCheck")
    if check is not None and check["command"][0] != "NONE":
        wake(tx, task, "check", number, check["interval"])


@reaction("ecs", "check")
def on_check(tx: Tx, report: Report) -> None:
    assert report.result is not None
    task = records.task(tx, tx.account, tx.region, report.key)
    number = report.result["part"]
    if task is None or (part := task.parts()[number]).state != RUNS:
        return
    tx.emit(
        Run("ecs", {"task": task.id, "part": number, "check": part.run}),
        reply_to=ReplyTo("ecs", "checked", task.id),
    )


def check_spec(task: Task, number: int, part: Part) -> Json:
    container = task.containers[number]
    check = container["healthCheck"]
    kind, *command = check["command"]
    return {
        "kind": "process",
        "command": [SHELL, "-c", *command] if kind == "CMD-SHELL" else command,
        "inside": part.run,
        "image": container["image"],
        "variables": {v["name"]: v.get("value", "") for v in container.get("environment", ())},
        "vcpus": 0.1,
        "memory_mib": MEMORY_MIB,
        "gpus": 0,
        "timeout_s": float(check["timeout"]),
        "grace_s": 0.5,
        "mounts": [],
        "tmpfs_mib": {},
        "shm_mib": None,
        "user": container.get("user"),
        "account": task.account,
        "region": task.region,
        "role_arn": task.body.get("task_role", ""),
        "log_group": None,
        "log_stream": "",
        "payload": b"",
    }


@reaction("ecs", "checked")
def on_checked(tx: Tx, report: Report) -> None:
    assert tx.ended is not None and report.result is not None, "a run reports"
    number = tx.ended.effect.payload["part"]  # type: ignore[union-attr]
    task = records.task(tx, tx.account, tx.region, report.key)
    if task is None:
        return
    parts = task.parts()
    part = parts[number]
    if part.state != RUNS:
        return
    before = part.health
    check = task.containers[number]["healthCheck"]
    if report.result["status"] in ("ok", "error"):
        _judge(part, check, good=report.result["status"] == "ok", now=tx.now)
    wake(tx, task, "check", number, check["interval"])
    proceed(tx, task, parts)
    if task.service and part.health != before:
        look_after(tx, task.account, task.region, f"{task.cluster}/{task.service}")


def _judge(part: Part, check: Json, *, good: bool, now: float) -> None:
    """Failures within the start period do not count."""
    if good:
        part.health, part.misses = HEALTHY, 0
        return
    began = part.started if part.started is not None else now
    if part.health != HEALTHY and now - began < check.get("startPeriod", 0):
        return
    part.misses += 1
    if part.misses >= check["retries"]:
        part.health = UNHEALTHY
