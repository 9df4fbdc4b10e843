"""Scale-in protection of tasks, as it is set and asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.services.ecs import records
from owari.services.ecs.core import STOPPED
from owari.services.ecs.faults import check_named, invalid
from owari.services.ecs.lookup import active_cluster, task_in
from owari.services.ecs.names import ecs_arn, within
from owari.services.ecs.protecting import BLOCKED, protected_until
from owari.services.ecs.records import Task
from owari.services.ecs.service_rows import find_service
from owari.services.ecs.waking import look_after
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

ASKED_MAX, SET_MAX = 100, 10
MINUTES_MAX, MINUTES_USUAL = 2_880, 120
MISSING, NOT_VALID, DEPLOYMENT_BLOCKED = "MISSING", "TASK_NOT_VALID", "DEPLOYMENT_BLOCKED"


@operation("ecs", "GetTaskProtection", reads=True)
def get_task_protection(tx: Tx, p: Params) -> Result:
    return _each(tx, p, ASKED_MAX, lambda _task: None)


@operation("ecs", "UpdateTaskProtection")
def update_task_protection(tx: Tx, p: Params) -> Result:
    minutes = p.get("expiresInMinutes")
    minutes = MINUTES_USUAL if minutes is None else minutes
    if not 1 <= minutes <= MINUTES_MAX:
        raise invalid(f"expiresInMinutes must be between 1 and {MINUTES_MAX}.")
    wanted = bool(p["protectionEnabled"])

    def protect(task: Task) -> str | None:
        service = find_service(tx, task.account, task.region, task.cluster, task.service)
        if wanted and service is not None and service.state.get(BLOCKED):
            return DEPLOYMENT_BLOCKED
        task.state["protected_until"] = tx.now + minutes * 60 if wanted else None
        records.save(tx, task)
        look_after(tx, task.account, task.region, f"{task.cluster}/{task.service}")
        return None

    return _each(tx, p, SET_MAX, protect)


def _each(tx: Tx, p: Params, most: int, do: Callable[[Task], str | None]) -> Result:
    """`do` returns why it could not be done. Raises InvalidParameterException."""
    cluster = active_cluster(tx, p)["name"]
    check_named(p.get("tasks"), most, one="Tasks", many="Tasks")
    found, failures = [], []
    for reference in p["tasks"]:
        task = task_in(tx, cluster, reference)
        reason = _why_not(task) or (do(task) if task else None)
        arn = ecs_arn(tx.account, tx.region, "task", cluster, within(cluster, reference, "task"))
        if task is None or reason:
            failures.append({"arn": arn, "reason": reason or MISSING})
        else:
            found.append(_shown(task, tx.now))
    return {"protectedTasks": found, "failures": failures}


def _why_not(task: Task | None) -> str | None:
    if task is None or task.last == STOPPED:
        return MISSING
    return None if task.service else NOT_VALID


def _shown(task: Task, now: float) -> dict[str, Any]:
    until = protected_until(task, now)
    made: dict[str, Any] = {"taskArn": task.arn, "protectionEnabled": until is not None}
    return made if until is None else made | {"expirationDate": until}
