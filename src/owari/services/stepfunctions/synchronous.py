"""`.sync`: waiting for what a task started: an execution, a Batch job, an ECS task.

An execution of ours tells when it ends (sfn_watch). Batch and ECS are asked, every second at
first: `Wake` → `Call` of their describe operation → done, or another `Wake`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.effects import Call, ReplyTo, Wake
from owari.services.stepfunctions import sdk
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.integrations import Failed
from owari.services.stepfunctions.running import Running
from owari.services.stepfunctions.waking import key_of
from owari.store import outbox
from owari.store.tx import Row, Tx

POLL_FIRST_S, POLL_MAX_S, POLL_GROWTH = 1.0, 10.0, 1.2


@dataclass(frozen=True, slots=True)
class Poll:
    """What is asked about, and how it is stopped. `params` are boto3's."""

    service: str
    describe: str
    describe_params: dict[str, Any]
    stop: str
    stop_params: dict[str, Any]
    delay_s: float = POLL_FIRST_S


def poll_for(service: str, result: dict[str, Any], params: dict[str, Any]) -> Poll | Failed:
    if service == "batch":
        job = result["jobId"]
        stop = {"jobId": job, "reason": "The Step Functions execution was stopped."}
        return Poll("batch", "DescribeJobs", {"jobs": [job]}, "TerminateJob", stop)
    started = result.get("tasks") or []
    if not started:
        return Failed("ECS.AmazonECSException", dumps(sdk_output("ecs", "RunTask", result)))
    cluster = {"cluster": params["cluster"]} if params.get("cluster") else {}
    arns = [task["taskArn"] for task in started]
    asked = {**cluster, "tasks": arns}
    return Poll("ecs", "DescribeTasks", asked, "StopTask", {**cluster, "task": arns[0]})


def sdk_output(service: str, operation: str, result: dict[str, Any]) -> Any:
    target = sdk.find(service, operation)
    return sdk.from_boto(target.model.output, result, millis=True) if target else result


def answer_of(poll: Poll, result: dict[str, Any]) -> Any | Failed | None:
    """The task's result when it is over; None while it is not."""
    if poll.service == "batch":
        jobs = result.get("jobs") or []
        if not jobs:
            return Failed("Batch.ClientException", "The job does not exist any more.")
        if jobs[0]["status"] not in ("SUCCEEDED", "FAILED"):
            return None
        shown = sdk_output("batch", "DescribeJobs", {"jobs": jobs})["Jobs"][0]
        good = jobs[0]["status"] == "SUCCEEDED"
    else:
        found = result.get("tasks") or []
        if any(task.get("lastStatus") != "STOPPED" for task in found):
            return None
        shown = sdk_output("ecs", "DescribeTasks", {"tasks": found})["Tasks"]
        shown = shown[0] if len(shown) == 1 else {"Tasks": shown}
        good = all(c.get("exitCode") == 0 for task in found for c in task.get("containers") or ())
    return shown if good else Failed("States.TaskFailed", dumps(shown))


def wait(tx: Tx, r: Running, frame: str, token: str, poll: dict[str, Any]) -> None:
    tx.emit(
        Wake(poll),
        due=tx.now + poll["delay_s"],
        reply_to=ReplyTo("stepfunctions", "poll", key_of(r, frame, token)),
        principal=r.about.principal,
    )


def ask(tx: Tx, key: str, poll: dict[str, Any], principal: str) -> None:
    """`key` carries the poll on, for the answer may be that it is not over."""
    slower = min(poll["delay_s"] * POLL_GROWTH, POLL_MAX_S)
    tx.emit(
        Call(poll["service"], poll["describe"], poll["describe_params"]),
        reply_to=ReplyTo("stepfunctions", "polled", f"{key}|{dumps({**poll, 'delay_s': slower})}"),
        principal=principal,
    )


# ---- executions of ours
def watch(tx: Tx, r: Running, frame: str, token: str, child: str) -> None:
    tx.run("INSERT INTO sfn_watch (waiting, child) VALUES (?, ?)", key_of(r, frame, token), child)


def watchers(tx: Tx, child: str) -> list[Row]:
    """Those that wait for an execution; they are forgotten."""
    return tx.all("DELETE FROM sfn_watch WHERE child = ? RETURNING waiting", child)


def described(row: Row, *, plain: bool) -> Any | Failed:
    """An ended execution as `.sync` gives it; `plain`: its input and output are text."""
    read = (lambda text: text) if plain else loads
    made: dict[str, Any] = {
        "ExecutionArn": row["arn"],
        "Input": read(row["input"]),
        "InputDetails": {"Included": True},
        "Name": row["name"],
        "StartDate": int(row["started"] * 1000),
        "StateMachineArn": machine_of(row["arn"]),
        "Status": row["status"],
        "StopDate": int(row["stopped"] * 1000),
    }
    if row["output"] is not None:
        made |= {"Output": read(row["output"]), "OutputDetails": {"Included": True}}
    made |= {k.capitalize(): row[k] for k in ("error", "cause") if row[k] is not None}
    made = dict(sorted(made.items()))
    return made if row["status"] == "SUCCEEDED" else Failed("States.TaskFailed", dumps(made))


def machine_of(execution_arn: str) -> str:
    parts = execution_arn.split(":")
    return ":".join([*parts[:5], "stateMachine", parts[6].split("/")[0]])


def stop_watching(tx: Tx, r: Running, frame: str, token: str) -> None:
    """Nobody waits any more: what was started is stopped, as AWS does its best to."""
    key = key_of(r, frame, token)
    for row in tx.all("DELETE FROM sfn_watch WHERE waiting = ? RETURNING child", key):
        _call(tx, r, "stepfunctions", "StopExecution", {"executionArn": row["child"]})
    for envelope in outbox.waiting_for(tx.connection, ReplyTo("stepfunctions", "poll", key)):
        if tx.cancel(envelope.id) and isinstance(envelope.effect, Wake):
            poll = envelope.effect.data
            _call(tx, r, poll["service"], poll["stop"], poll["stop_params"])


def _call(tx: Tx, r: Running, service: str, operation: str, params: dict[str, Any]) -> None:
    reply = ReplyTo("stepfunctions", "ignored", key_of(r))
    tx.emit(Call(service, operation, params), reply_to=reply, principal=r.about.principal)
