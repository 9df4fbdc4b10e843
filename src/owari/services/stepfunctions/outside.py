"""`.sync` of what another service runs: Batch jobs and ECS tasks.

The service tells when it has ended (store/watching.py). What is to be done should nobody want it
any more is kept in `sfn_outside` until then.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from owari.effects import Call, ReplyTo
from owari.services.stepfunctions import sdk
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.integrations import Failed
from owari.services.stepfunctions.running import Running
from owari.services.stepfunctions.waking import key_of
from owari.store.tx import Tx
from owari.store.watching import watch

STOPPED = "The Step Functions execution was stopped."


@dataclass(frozen=True, slots=True)
class Begun:
    """`describe`: parameters that name it; `stops`: those of each call that ends some of it."""

    service: str
    account: str
    describe: dict[str, Any]
    stop: str
    stops: list[dict[str, Any]]


def begun(
    service: str, account: str, result: dict[str, Any], params: dict[str, Any]
) -> Begun | Failed:
    """What SubmitJob or RunTask began; `params` are those it was called with."""
    if service == "batch":
        job = result["jobId"]
        stop = {"jobId": job, "reason": STOPPED}
        return Begun(service, account, {"jobs": [job]}, "TerminateJob", [stop])
    started = result.get("tasks") or []
    if not started:
        return Failed("ECS.AmazonECSException", dumps(_shown("ecs", "RunTask", result)))
    cluster = {"cluster": params["cluster"]} if params.get("cluster") else {}
    arns = [task["taskArn"] for task in started]
    stops = [{**cluster, "task": arn, "reason": STOPPED} for arn in arns]
    return Begun(service, account, {**cluster, "tasks": arns}, "StopTask", stops)


def _shown(service: str, operation: str, result: dict[str, Any]) -> Any:
    target = sdk.find(service, operation)
    return sdk.from_boto(target.model.output, result, optimized=True) if target else result


def outcome_of(service: str, result: dict[str, Any]) -> Any | Failed:
    """The task's, from what the Describe operation shows of what has ended."""
    return _of_job(result) if service == "batch" else _of_tasks(result)


def _of_job(result: dict[str, Any]) -> Any | Failed:
    if not result["jobs"]:
        return Failed("Batch.ClientException", "The job does not exist any more.")
    shown = _shown("batch", "DescribeJobs", result)["Jobs"][0]
    good = result["jobs"][0]["status"] == "SUCCEEDED"
    return shown if good else Failed("States.TaskFailed", dumps(shown))


def _of_tasks(result: dict[str, Any]) -> Any | Failed:
    tasks = result.get("tasks") or []
    shown = _shown("ecs", "DescribeTasks", {"tasks": tasks})["Tasks"]
    told = shown[0] if len(shown) == 1 else {"Tasks": shown}
    good = all(c.get("exitCode") == 0 for task in tasks for c in task.get("containers") or ())
    return told if good and tasks else Failed("States.TaskFailed", dumps(told))


def wait(tx: Tx, r: Running, frame: str, token: str, what: Begun) -> None:
    key = key_of(r, frame, token)
    tx.run("INSERT INTO sfn_outside (waiting, begun) VALUES (?, ?)", key, dumps(asdict(what)))
    home = () if what.account == tx.account else (tx.account,)
    reply = ReplyTo("stepfunctions", "outside", key_of(r, frame, token, *home))
    watch(tx, what.service, what.describe, reply, account=what.account)


def taken_off(tx: Tx, r: Running, frame: str, token: str) -> Begun | None:
    """What this task waits for; it is forgotten."""
    rows = tx.all(
        "DELETE FROM sfn_outside WHERE waiting = ? RETURNING begun", key_of(r, frame, token)
    )
    return Begun(**loads(rows[0]["begun"])) if rows else None


def give_up(tx: Tx, r: Running, frame: str, token: str) -> None:
    """Nobody waits any more: what was begun is stopped."""
    what = taken_off(tx, r, frame, token)
    for params in what.stops if what else ():
        assert what is not None
        tx.emit(
            Call(what.service, what.stop, params),
            reply_to=ReplyTo("stepfunctions", "ignored", key_of(r)),
            principal=r.about.principal,
            account=what.account,
        )
