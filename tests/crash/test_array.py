"""kill -9 of server and agent under an array: every child ends once, and ran once.

`make test` runs it short, `make soak` at the size the issue asks for.
"""

from __future__ import annotations

import collections
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.server import Server, eventually

RESOURCES = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
HOST_LOST = {
    "attempts": 10,
    "evaluateOnExit": [
        {"onStatusReason": "Host EC2*", "action": "RETRY"},
        {"onReason": "*", "action": "EXIT"},
    ],
}


def set_up(client: Any, folder: Path, command: str) -> None:
    client.create_compute_environment(
        computeEnvironmentName="e", type="UNMANAGED", unmanagedvCpus=1_000
    )
    client.create_job_queue(
        jobQueueName="q",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "e"}],
    )
    client.register_job_definition(
        jobDefinitionName="line",
        type="container",
        containerProperties={
            "image": "busybox",
            "command": ["sh", "-c", command],
            "volumes": [{"name": "out", "host": {"sourcePath": str(folder)}}],
            "mountPoints": [{"sourceVolume": "out", "containerPath": "/out"}],
            "resourceRequirements": RESOURCES,
        },
    )


def look(client: Any, job: str) -> dict[str, Any]:
    """Until the server answers: it is killed again and again."""
    while True:
        try:
            found: dict[str, Any] = client.describe_jobs(jobs=[job])["jobs"][0]
        except (BotoCoreError, ClientError):
            time.sleep(0.02)
        else:
            return found


def summary(found: dict[str, Any]) -> dict[str, int]:
    counts: dict[str, int] = found["arrayProperties"]["statusSummary"]
    return counts


def failures(client: Any, job: str) -> list[dict[str, Any]]:
    failed = client.list_jobs(arrayJobId=job, jobStatus="FAILED", maxResults=20)["jobSummaryList"]
    ids = [entry["jobId"] for entry in failed]
    return [j["attempts"] for j in client.describe_jobs(jobs=ids)["jobs"]] if ids else []


def submit(client: Any, size: int, **more: Any) -> str:
    made = client.submit_job(
        jobName="j", jobQueue="q", jobDefinition="line", arrayProperties={"size": size}, **more
    )
    return str(made["jobId"])


def wait_for(client: Any, job: str, is_so: Callable[[dict[str, Any]], bool]) -> None:
    eventually(lambda: is_so(look(client, job)), patience_s=600)


def check_all_succeeded(client: Any, job: str, size: int) -> None:
    wait_for(client, job, lambda found: found["status"] in ("SUCCEEDED", "FAILED"))
    assert summary(look(client, job))["SUCCEEDED"] == size, failures(client, job)


def test_every_child_runs_once_though_the_server_is_killed_again_and_again(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    size, kills = (5_000, 10) if request.config.getoption("--soak") else (400, 3)
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    out = tmp_path / "out"
    out.mkdir()
    with Server(tmp_path / "data") as server:
        client = server.client("batch")
        set_up(client, out, "echo $AWS_BATCH_JOB_ARRAY_INDEX >> /out/lines")
        job = submit(client, size)
        for kill in range(kills):
            mark = size * (kill + chance.uniform(0.1, 0.9)) / kills
            wait_for(client, job, lambda found, m=mark: summary(found)["SUCCEEDED"] >= m)
            server.kill()
            server.start()
        check_all_succeeded(client, job, size)
        ran = collections.Counter((out / "lines").read_text().split())
        assert {index: n for index, n in ran.items() if n > 1} == {}
        assert set(ran) == {str(index) for index in range(size)}


def test_what_an_agent_took_with_it_is_retried_as_the_strategy_says(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    size, kills = (2_000, 10) if request.config.getoption("--soak") else (60, 2)
    out = tmp_path / "out"
    out.mkdir()
    with Server(tmp_path / "data") as server:
        client = server.client("batch")
        set_up(client, out, "echo $AWS_BATCH_JOB_ARRAY_INDEX >> /out/lines; sleep 0.05")
        job = submit(client, size, retryStrategy=HOST_LOST)
        for kill in range(kills):
            mark = size * (kill + 0.5) / kills
            wait_for(client, job, lambda found, m=mark: summary(found)["SUCCEEDED"] >= m)
            server.kill_agent()
        check_all_succeeded(client, job, size)
        ran = set((out / "lines").read_text().split())
        assert ran == {str(index) for index in range(size)}
