"""The containers' runs: prepared when due, told to be running, ended; and their time limits."""

from __future__ import annotations

from typing import Any

from owari.effects import DueRun, Report
from owari.services.ecs import records
from owari.services.ecs.checking import check_spec, watch_health
from owari.services.ecs.core import (
    FAILED_TO_START,
    GIVEN,
    OVER,
    RUNS,
    STOPPED,
    WAITS,
    Part,
    depends_on,
)
from owari.services.ecs.life import proceed, stop_again, wake
from owari.services.ecs.preparing import CannotPrepare, prepared_spec
from owari.services.ecs.records import Task
from owari.store import outbox
from owari.store.tx import Tx
from owari.wire.operation import prepares, reaction

THROTTLED_PAUSE_S = 1.0
RESTOP_S = 30.0


@prepares("ecs")
def prepare_run(tx: Tx, due: DueRun) -> dict[str, Any] | None:
    """The spec, or None when the container is no longer wanted."""
    found = _under_way(tx, tx.account, tx.region, due.payload, due.effect_id)
    if found is None:
        return None
    task, number, part = found
    if due.payload.get("check"):
        return check_spec(task, number, part)
    try:
        return prepared_spec(tx, task, number)
    except CannotPrepare as why:
        _ended(tx, task, number, {"status": "failed", "reason": str(why)})
        return None


def _under_way(
    tx: Tx, account: str, region: str, where: dict[str, Any], run: str
) -> tuple[Task, int, Part] | None:
    """What a run, or a check of its health, belongs to; None when that is over."""
    task = records.task(tx, account, region, where["task"])
    if task is None:
        return None
    number = where["part"]
    part = task.parts()[number]
    of = where.get("check", run)
    return (task, number, part) if part.run == of and part.state != OVER else None


@reaction("ecs", "started")
def on_started(tx: Tx, report: Report) -> None:
    """Compute started a run: `{"run_id", "attempt", "started_at"}`. Told at most once or never."""
    assert report.result is not None
    envelope = outbox.get(tx.connection, report.result["run_id"])
    if envelope is None or envelope.attempt != report.result["attempt"]:
        return
    where = envelope.effect.payload  # type: ignore[union-attr]
    found = _under_way(tx, envelope.account, envelope.region, where, envelope.id)
    if found is None or "check" in where:
        return
    task, number, _ = found
    parts = task.parts()
    if parts[number].state != GIVEN:
        return
    parts[number].state, parts[number].started = RUNS, float(report.result["started_at"])
    watch_health(tx, task, number)
    proceed(tx, task, parts)


@reaction("ecs", "ended")
def on_ended(tx: Tx, report: Report) -> None:
    assert tx.ended is not None and report.result is not None, "a run reports"
    where: dict[str, Any] = tx.ended.effect.payload  # type: ignore[union-attr]
    found = _under_way(tx, tx.account, tx.region, where, report.effect_id)
    if found is None:
        return
    if report.result["status"] == "throttled":  # the agent had no room after all
        tx.again(report, due=tx.now + THROTTLED_PAUSE_S)
        return
    _ended(tx, found[0], found[1], report.result)


def _ended(tx: Tx, task: Task, number: int, report: dict[str, Any]) -> None:
    parts = task.parts()
    part = parts[number]
    part.state, part.status = OVER, str(report["status"])
    code = report.get("exit_code")
    part.exit_code = 0 if code is None and part.status == "ok" else code
    part.reason = str(report.get("reason") or report.get("message") or "")
    if part.told_to_stop and part.status == "cancelled":
        part.reason = ""  # why is the task's to say
    started = report.get("started_at")
    part.started = part.started if started is None else float(started)
    part.stopped = float(report.get("stopped_at") or tx.now)
    proceed(tx, task, parts)


@reaction("ecs", "restop")
def on_restop(tx: Tx, report: Report) -> None:
    task = records.task(tx, tx.account, tx.region, report.key)
    if task is not None and task.last != STOPPED:
        stop_again(tx, task)
        wake(tx, task, "restop", 0, RESTOP_S)


@reaction("ecs", "patience")
def on_patience(tx: Tx, report: Report) -> None:
    """A container's startTimeout is over: who still waits for it waits no longer."""
    assert report.result is not None
    task = records.task(tx, tx.account, tx.region, report.key)
    if task is None or task.last == STOPPED:
        return
    number, parts = report.result["part"], task.parts()
    name = task.containers[number]["name"]
    waiting = [
        n
        for n, part in enumerate(parts)
        if part.state == WAITS and any(other == name for other, _ in depends_on(task.containers[n]))
    ]
    if waiting:
        parts[number].given_up = True
        reason = f"Container {name} did not reach the desired state within its startTimeout"
        task.state |= {"stop_code": FAILED_TO_START, "stop_reason": reason}
        task.desired = STOPPED
        proceed(tx, task, parts)
