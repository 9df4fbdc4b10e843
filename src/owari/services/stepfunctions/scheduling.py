"""Tasks: from the interpreter's ScheduleTask to an effect, or to a row a worker will take."""

from __future__ import annotations

from owari.arn import parse_arn
from owari.effects import Call, ReplyTo
from owari.services.stepfunctions import tasks
from owari.services.stepfunctions.asl.instructions import ScheduleTask
from owari.services.stepfunctions.asl.reports import TaskFailed
from owari.services.stepfunctions.asl.resource import ACTIVITY
from owari.services.stepfunctions.integrations import Failed, call_params, target_of
from owari.services.stepfunctions.running import Running
from owari.services.stepfunctions.synchronous import stop_watching
from owari.services.stepfunctions.waking import key_of
from owari.store.tx import Tx


def schedule(tx: Tx, r: Running, task: ScheduleTask) -> None:
    resource = task.resource
    if resource.kind == ACTIVITY:
        tasks.add(tx, r, task.frame, task.token, activity=resource.arn, text=task.parameters)
        return
    target = target_of(resource)
    params = (
        target if isinstance(target, Failed) else call_params(resource, target, task.parameters)
    )
    if isinstance(params, Failed) or isinstance(target, Failed):
        failed = params if isinstance(params, Failed) else target
        assert isinstance(failed, Failed)
        r.inbox.append(TaskFailed(task.frame, task.token, failed.error, failed.cause))
        return
    if resource.pattern == ".waitForTaskToken":
        tasks.add(tx, r, task.frame, task.token)
    account = _account_of(task) or tx.account
    home = () if account == tx.account else (tx.account,)
    tx.emit(
        Call(target.service, target.operation, params),
        reply_to=ReplyTo("stepfunctions", "task", key_of(r, task.frame, task.token, *home)),
        principal=r.about.principal,
        account=account,
        trace=r.about.trace,
    )


def _account_of(task: ScheduleTask) -> str | None:
    """The account of the role that the task's Credentials name."""
    role = (task.credentials or {}).get("RoleArn")
    arn = parse_arn(role) if isinstance(role, str) else None
    return arn.account if arn is not None else None


def cancel(tx: Tx, r: Running, frame: str, token: str) -> None:
    """The task is given up: nobody may report it, and what it waits for is stopped.

    A function that runs is not stopped, as on AWS; its report will find nobody.
    """
    tasks.remove(tx, token)
    stop_watching(tx, r, frame, token)
