"""`.sync` of Batch and ECS: asked about until they are over, stopped with the execution."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from owari.wire.operation import REGISTRY, Operation, Registry
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
from tests.support.world import World

SUBMIT = task(
    "arn:aws:states:::batch:submitJob.sync",
    Parameters={"JobName": "j", "JobQueue": "q", "JobDefinition": "d"},
)
RUN = task("arn:aws:states:::ecs:runTask.sync", Parameters={"TaskDefinition": "d"})


class Jobs:
    """Batch and ECS as their callers see them."""

    def __init__(self) -> None:
        self.status = "RUNNING"
        self.exit_code = 0
        self.stopped: list[Any] = []

    def registry(self) -> Registry:
        handlers = {
            ("batch", "SubmitJob"): lambda tx, p: {"jobId": "1", "jobName": p["jobName"]},
            ("batch", "DescribeJobs"): self._jobs,
            ("batch", "TerminateJob"): self._stop,
            ("ecs", "RunTask"): lambda tx, p: {"tasks": [{"taskArn": "t"}], "failures": []},
            ("ecs", "DescribeTasks"): self._tasks,
            ("ecs", "StopTask"): self._stop,
        }
        own = {
            key: Operation(*key, handler, lambda _params: False)
            for key, handler in handlers.items()
        }
        return replace(REGISTRY, operations={**REGISTRY.operations, **own})

    def _jobs(self, _tx: Any, p: Any) -> Any:
        return {"jobs": [{"jobId": p["jobs"][0], "jobName": "j", "status": self.status}]}

    def _tasks(self, _tx: Any, p: Any) -> Any:
        last = "RUNNING" if self.status == "RUNNING" else "STOPPED"
        containers = [{"name": "c", "exitCode": self.exit_code}]
        return {"tasks": [{"taskArn": "t", "lastStatus": last, "containers": containers}]}

    def _stop(self, _tx: Any, p: Any) -> Any:
        self.stopped.append(p)
        return {}


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def world(tmp_path: Path, jobs: Jobs) -> Iterator[World]:
    made = World(tmp_path, registry=jobs.registry())
    yield made
    made.close()


@pytest.mark.parametrize(("state", "key"), [(SUBMIT, "JobId"), (RUN, "TaskArn")])
def test_a_job_is_waited_for(world: World, jobs: Jobs, state: Any, key: str) -> None:
    arn = start(world, machine(world, states(("J", state))))
    world.advance(100)
    world.crash()
    world.advance(100)
    assert kinds(world, arn)[-1] == "TaskSubmitted"
    jobs.status = "SUCCEEDED"
    made = output(ended(world, arn, 20))
    assert made[key] in ("1", "t")
    assert not world.effects()


def test_a_job_that_fails(world: World, jobs: Jobs) -> None:
    jobs.status = "FAILED"
    told = ended(world, start(world, machine(world, states(("J", SUBMIT)))), 20)
    assert told["error"] == "States.TaskFailed"
    assert json.loads(told["cause"])["Status"] == "FAILED"
    jobs.exit_code = 3
    told = ended(world, start(world, machine(world, states(("J", RUN)), "ecs")), 20)
    assert json.loads(told["cause"])["Containers"][0]["ExitCode"] == 3


@pytest.mark.parametrize("state", [SUBMIT, RUN])
def test_stopping_the_execution_stops_the_job(world: World, jobs: Jobs, state: Any) -> None:
    arn = start(world, machine(world, states(("J", state))))
    world.advance(10.5)
    call(world, "StopExecution", executionArn=arn)
    world.settle()
    assert describe(world, arn)["status"] == "ABORTED"
    assert len(jobs.stopped) == 1
    assert not world.effects()
