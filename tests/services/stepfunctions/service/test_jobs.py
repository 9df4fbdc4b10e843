"""`.sync` of Batch and ECS: told when they are over, stopped with the execution.

The jobs are real ones of Batch, on the simulated compute; ECS is played.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from owari.effects import Report
from owari.store.watching import WATCH, answer, asked
from owari.wire.operation import REGISTRY, Operation, Registry
from tests.services.batch.support import BatchWorld
from tests.services.stepfunctions.service.driving import (
    call,
    describe,
    ended,
    kinds,
    machine,
    output,
    start,
    states,
    task,
)

SUBMIT = task(
    "arn:aws:states:::batch:submitJob.sync",
    Parameters={"JobName": "j", "JobQueue": "q", "JobDefinition": "d"},
)
RUN = task("arn:aws:states:::ecs:runTask.sync", Parameters={"TaskDefinition": "d", "Count": 2})
HOUR = 3600.0


class Tasks:
    """ECS as its callers see it: two tasks that end when `end` is called."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.stopped: list[str] = []
        self.waiting: list[Any] = []

    def registry(self) -> Registry:
        handlers = {"RunTask": self._run, "StopTask": self._stop}
        own = {
            ("ecs", name): Operation("ecs", name, handler, lambda _params: False)
            for name, handler in handlers.items()
        }
        return replace(
            REGISTRY,
            operations={**REGISTRY.operations, **own},
            reactions={**REGISTRY.reactions, ("ecs", WATCH): self._watch},
        )

    def _run(self, _tx: Any, p: Any) -> Any:
        return {"tasks": [{"taskArn": f"t{n}"} for n in range(p["count"])], "failures": []}

    def _stop(self, _tx: Any, p: Any) -> Any:
        self.stopped.append(p["task"])
        return {}

    def _watch(self, tx: Any, report: Report) -> None:
        params, reply = asked(report)
        containers = [{"name": "c", "exitCode": self.exit_code}]
        shown = [
            {"taskArn": arn, "lastStatus": "STOPPED", "containers": containers}
            for arn in params["tasks"]
        ]
        if self.exit_code is not None:
            answer(tx, reply, {"tasks": shown})


@pytest.fixture
def tasks() -> Tasks:
    return Tasks()


@pytest.fixture
def world(tmp_path: Path, tasks: Tasks) -> Iterator[BatchWorld]:
    made = BatchWorld(tmp_path, registry=tasks.registry())
    made.set_up()
    made.machine()
    made.compute.duration = lambda _spec: HOUR
    yield made
    made.close()


def jobs(world: BatchWorld, status: str) -> list[Any]:
    listed: list[Any] = world.batch("ListJobs", jobQueue="q", jobStatus=status)["jobSummaryList"]
    return listed


def test_a_job_is_waited_for_without_asking(world: BatchWorld) -> None:
    arn = start(world, machine(world, states(("J", SUBMIT))))
    world.advance(100)
    assert kinds(world, arn)[-1] == "TaskSubmitted"
    world.crash()
    (run,) = world.effects()  # nothing but the job's own
    assert run.reply_to is not None and run.reply_to.service == "batch"
    world.advance(HOUR)
    told = describe(world, arn)
    assert told["stopDate"] - told["startDate"] == pytest.approx(HOUR, abs=0.1)
    made = output(told)
    assert (made["Status"], made["JobName"]) == ("SUCCEEDED", "j")
    assert made["Container"]["ExitCode"] == 0
    assert not world.effects()


def test_a_job_that_fails(world: BatchWorld) -> None:
    world.compute.process = lambda _spec: (3, "")
    told = ended(world, start(world, machine(world, states(("J", SUBMIT)))), HOUR + 1)
    assert told["error"] == "States.TaskFailed"
    cause = json.loads(told["cause"])
    assert (cause["Status"], cause["Container"]["ExitCode"]) == ("FAILED", 3)


def test_a_job_that_batch_refuses(world: BatchWorld) -> None:
    state = SUBMIT | {"Parameters": {"JobName": "j", "JobQueue": "none", "JobDefinition": "d"}}
    told = ended(world, start(world, machine(world, states(("J", state)))), 1)
    assert told["error"] == "Batch.ClientException"
    assert told["cause"].startswith(
        "JobQueue none not found. (Service: AWSBatch; Status Code: 400;"
    )


def test_an_array_is_waited_for_whole(world: BatchWorld) -> None:
    state = SUBMIT | {"Parameters": SUBMIT["Parameters"] | {"ArrayProperties": {"Size": 6}}}
    arn = start(world, machine(world, states(("J", state))))
    world.advance(HOUR + 1)  # four of them fit at once
    assert describe(world, arn)["status"] == "RUNNING"
    made = output(ended(world, arn, HOUR))
    assert made["ArrayProperties"]["StatusSummary"]["SUCCEEDED"] == 6


def stop(world: BatchWorld, arn: str) -> str:
    call(world, "StopExecution", executionArn=arn)
    return "ABORTED"


def time_out(world: BatchWorld, arn: str) -> str:
    world.advance(40)
    return "TIMED_OUT"


def deletion(world: BatchWorld, arn: str) -> str:
    name = arn.replace(":execution:", ":stateMachine:").rpartition(":")[0]
    call(world, "DeleteStateMachine", stateMachineArn=name)
    return ""


@pytest.mark.parametrize("give_up", [stop, time_out, deletion])
def test_a_job_that_nobody_waits_for_is_terminated(world: BatchWorld, give_up: Any) -> None:
    limited = states(("J", SUBMIT)) | {"TimeoutSeconds": 30}
    arn = start(world, machine(world, limited))
    world.advance(10)
    (job,) = jobs(world, "RUNNING") + jobs(world, "STARTING")
    status = give_up(world, arn)
    world.settle()
    if status:
        assert describe(world, arn)["status"] == status
    detail = world.job(job["jobId"])
    assert detail["isTerminated"]
    world.advance(HOUR)
    assert world.status(job["jobId"]) == "FAILED"
    assert not world.effects()


def test_tasks_are_waited_for_and_stopped(world: BatchWorld, tasks: Tasks) -> None:
    arn = start(world, machine(world, states(("J", RUN))))
    world.advance(10)
    stop(world, arn)
    world.settle()
    assert tasks.stopped == ["t0", "t1"]
    tasks.exit_code = 0
    made = output(ended(world, start(world, machine(world, states(("J", RUN)), "good")), 1))
    assert [one["TaskArn"] for one in made["Tasks"]] == ["t0", "t1"]
    tasks.exit_code = 3
    told = ended(world, start(world, machine(world, states(("J", RUN)), "bad")), 1)
    assert json.loads(told["cause"])["Tasks"][0]["Containers"][0]["ExitCode"] == 3
    assert not world.effects()


def test_the_job_of_another_account(world: BatchWorld) -> None:
    """Submitted there with the role named, waited for and told here."""
    other = "111122223333"
    there = BatchWorld.batch
    original = world.batch
    world.batch = lambda operation, /, **p: there(world, operation, account=other, **p)  # type: ignore[method-assign]
    world.set_up()
    world.batch = original  # type: ignore[method-assign]
    state = SUBMIT | {"Credentials": {"RoleArn": f"arn:aws:iam::{other}:role/there"}}
    made = output(ended(world, start(world, machine(world, states(("J", state)))), HOUR + 1))
    assert made["JobArn"].split(":")[4] == other
    assert not world.effects()
