"""SIGKILL of a real server, and of its agent, while an array runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.services.batch.test_acceptance import define, ended, server
from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance
__all__ = ["server"]


def submit(server: Server, folder: Path, size: int, script: str, **more: Any) -> str:
    arn = define(server, "sh", "-c", script, folder=folder)
    made = server.client("batch").submit_job(
        jobName="a", jobQueue="q", jobDefinition=arn, arrayProperties={"size": size}, **more
    )
    return str(made["jobId"])


def lines(folder: Path) -> list[str]:
    path = folder / "ran"
    return path.read_text().split() if path.exists() else []


def test_every_child_runs_once_though_the_server_is_killed(server: Server, tmp_path: Path) -> None:
    script = "sleep 0.02; echo $AWS_BATCH_JOB_ARRAY_INDEX >> /shared/ran"
    id = submit(server, tmp_path, 150, script)
    for kill in range(1, 4):
        eventually(lambda kill=kill: len(lines(tmp_path)) >= kill * 30)
        server.kill()
        server.start()
    detail = ended(server, id)
    assert detail["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 150
    assert Counter(lines(tmp_path)) == Counter(str(n) for n in range(150))


def test_a_lost_agent_is_retried_by_the_strategy(server: Server, tmp_path: Path) -> None:
    script = "test -e /shared/go || { echo $AWS_BATCH_JOB_ARRAY_INDEX >> /shared/ran; sleep 600; }"
    conditions = [{"onStatusReason": "Host EC2*", "action": "RETRY"}]
    retry = {"attempts": 5, "evaluateOnExit": conditions}
    id = submit(server, tmp_path, 4, script, retryStrategy=retry)
    eventually(lambda: lines(tmp_path))
    waiting = lines(tmp_path)[0]
    (tmp_path / "go").touch()
    server.kill_agent()
    detail = ended(server, id)
    assert detail["status"] == "SUCCEEDED"
    child = server.client("batch").describe_jobs(jobs=[f"{id}:{waiting}"])["jobs"][0]
    assert child["attempts"][0]["statusReason"].startswith("Host EC2 (instance i-")
    assert child["attempts"][-1]["container"]["exitCode"] == 0
