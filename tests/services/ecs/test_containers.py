"""Tasks and jobs in a real container runtime, by `owari images map NAME=Dockerfile`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.services.ecs.test_acceptance import LOG, ended, lines, run, task
from tests.support.container import dockerfile, program
from tests.support.server import OWARI, Server, eventually

pytestmark = pytest.mark.acceptance

LINE = (
    "echo x > /srv/ok; wget -q -O - $ECS_CONTAINER_METADATA_URI_V4; cat /v/f;"
    " while true; do sleep 0.1; done"
)


def test_a_task_in_containers(tmp_path: Path) -> None:
    """Two containers of one image, their volume, health, metadata, a restart of the server."""
    program()
    (tmp_path / "image").mkdir()
    built = dockerfile(tmp_path / "image")
    with Server(tmp_path / "data") as server:
        mapped = [OWARI, "images", "map", f"team/app:1={built}", "--data", str(server.data)]
        done = subprocess.run(mapped, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"no image can be built here: {done.stderr[-200:]}")
        server.client("ecs").create_cluster()
        point = {"mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}], "memory": 64}
        main = {
            "name": "app",
            "image": "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/app:1",
            "command": ["/bin/sh", "-c", LINE],
            "healthCheck": {"command": ["CMD-SHELL", "test -e /srv/ok"], "interval": 5},
            "stopTimeout": 2,
            "logConfiguration": LOG,
            "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}],
        }
        init = {
            "name": "init",
            "image": "team/app:1",
            "essential": False,
            "entryPoint": ["/bin/sh", "-c"],
            "command": ["echo init > /v/f"],
        }
        arn = run(server, "app", main | point, init | point, volumes=[{"name": "v"}])
        eventually(lambda: task(server, arn)["healthStatus"] == "HEALTHY", 90.0)
        server.kill()
        server.start()
        assert task(server, arn)["lastStatus"] == "RUNNING"
        server.client("ecs").stop_task(task=arn)
        stopped = ended(server, arn)
        assert [c["exitCode"] for c in stopped["containers"]] == [137, 0], "sh as PID 1 is deaf"
        first, *rest = lines(server, arn)
        assert first == "entry in /srv" and '"DockerId"' in rest[0] and rest[0].endswith("init")
