"""ECS over the wire with boto3, and real processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from platform import machine
from typing import Any

import pytest

from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance

LOG = {
    "logDriver": "awslogs",
    "options": {
        "awslogs-group": "/ecs/app",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "run",
        "awslogs-create-group": "true",
    },
}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("ecs") / "data") as made:
        made.client("ecs").create_cluster()
        yield made


def container(*command: str, **more: Any) -> dict[str, Any]:
    return {"name": "app", "image": "busybox", "memory": 64, "command": list(command), **more}


def run(server: Server, family: str, *containers: dict[str, Any], **more: Any) -> str:
    ecs = server.client("ecs")
    ecs.register_task_definition(family=family, containerDefinitions=list(containers), **more)
    return str(ecs.run_task(taskDefinition=family)["tasks"][0]["taskArn"])


def task(server: Server, arn: str) -> dict[str, Any]:
    (found,) = server.client("ecs").describe_tasks(tasks=[arn])["tasks"]
    return dict(found)


def ended(server: Server, arn: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = task(server, arn)
        return found if found["lastStatus"] == "STOPPED" else None

    found: dict[str, Any] = eventually(look)
    return found


def lines(server: Server, arn: str, name: str = "app") -> list[str]:
    stream = f"run/{name}/{arn.rpartition('/')[2]}"
    logs = server.client("logs")
    try:
        found = logs.get_log_events(logGroupName="/ecs/app", logStreamName=stream)
    except logs.exceptions.ResourceNotFoundException:  # its container has not begun
        return []
    return [event["message"] for event in found["events"]]


def test_a_fargate_task_really_runs(server: Server) -> None:
    """Two containers, a volume of theirs, the metadata endpoint, the log."""
    point = [{"sourceVolume": "v", "containerPath": "/shared"}]
    ask = (
        "import os, urllib.request as u; uri = os.environ['ECS_CONTAINER_METADATA_URI_V4'];"
        " print(open('/shared/made').read().strip());"
        " print(u.urlopen(uri + '/task').read().decode()); print(u.urlopen(uri).read().decode())"
    )
    app = {
        "name": "app",
        "image": "python:3",
        "command": ["python3", "-c", ask],
        "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}],
        "mountPoints": point,
        "logConfiguration": LOG,
    }
    init = {
        "name": "init",
        "image": "busybox",
        "essential": False,
        "entryPoint": ["sh", "-c"],
        "command": ["echo made > made"],
        "workingDirectory": "/shared",
        "mountPoints": point,
    }
    ecs = server.client("ecs")
    ecs.register_task_definition(
        family="pair",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[app, init],
        volumes=[{"name": "v"}],
    )
    answer = ecs.run_task(taskDefinition="pair", launchType="FARGATE", networkConfiguration=NETWORK)
    arn = answer["tasks"][0]["taskArn"]
    found = ended(server, arn)
    assert [c["exitCode"] for c in found["containers"]] == [0, 0]
    eventually(lambda: len(lines(server, arn)) == 3)  # the log comes apart from the end
    made, of_task, of_container = lines(server, arn)
    assert made == "made"
    told = json.loads(of_task)
    assert (told["TaskARN"], told["Family"], told["Limits"]["CPU"]) == (arn, "pair", 0.25)
    assert json.loads(of_container)["Name"] == "app"


def test_exit_codes_and_reasons(server: Server) -> None:
    found = ended(server, run(server, "three", container("sh", "-c", "exit 3")))
    assert found["containers"][0]["exitCode"] == 3
    assert found["stopCode"] == "EssentialContainerExited"
    found = ended(server, run(server, "none", container("true") | {"image": "no/such:1"}))
    assert found["stopCode"] == "TaskFailedToStart"
    assert found["stoppedReason"].startswith("CannotPullContainerError: ")
    found = ended(server, run(server, "missing", container("no-such-command")))
    assert found["containers"][0]["reason"].startswith("CannotStartContainerError: ")
    hungry = container("python3", "-c", "x = b'x' * (300 << 20)") | {"image": "python:3"}
    found = ended(server, run(server, "hungry", hungry))
    assert found["containers"][0]["exitCode"] == 137
    assert found["containers"][0]["reason"].startswith("OutOfMemoryError: ")


def test_limits_of_a_container(server: Server) -> None:
    limits = [{"name": "nofile", "softLimit": 77, "hardLimit": 99}]
    app = container("sh", "-c", "ulimit -n; ulimit -Hn", ulimits=limits, logConfiguration=LOG)
    arn = run(server, "limits", app)
    ended(server, arn)
    eventually(lambda: lines(server, arn) == ["77", "99"])


def test_stopping_goes_by_sigterm_then_sigkill(server: Server) -> None:
    line = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    arn = run(server, "deaf", container("sh", "-c", line, stopTimeout=2, logConfiguration=LOG))
    eventually(lambda: lines(server, arn) == ["ready"])
    eventually(lambda: task(server, arn)["lastStatus"] == "RUNNING")
    answer = server.client("ecs").stop_task(task=arn, reason="enough")["task"]
    assert (answer["lastStatus"], answer["desiredStatus"]) == ("STOPPING", "STOPPED")
    found = ended(server, arn)
    assert (found["stopCode"], found["stoppedReason"]) == ("UserInitiated", "enough")
    assert found["containers"][0]["exitCode"] == 137


def test_the_health_check_runs_in_the_container(server: Server) -> None:
    """What it looks at is the container's own /tmp."""
    check = {"command": ["CMD-SHELL", "test -e /tmp/ready"], "interval": 5, "retries": 1}
    well = run(server, "well", container("sh", "-c", "touch /tmp/ready; sleep 100",
                                         healthCheck=check))  # fmt: skip
    ill = run(server, "ill", container("sleep", "100", healthCheck=check))
    eventually(lambda: task(server, well)["healthStatus"] == "HEALTHY")
    eventually(lambda: task(server, ill)["healthStatus"] == "UNHEALTHY")
    for arn in (well, ill):
        server.client("ecs").stop_task(task=arn)
        ended(server, arn)


def test_tasks_outlive_the_server_and_services_the_agent(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        ecs = server.client("ecs")
        ecs.create_cluster()
        go = tmp_path / "go"
        volume = {"volumes": [{"name": "t", "host": {"sourcePath": str(tmp_path)}}]}
        point = [{"sourceVolume": "t", "containerPath": "/out"}]
        line = "echo began >> /out/began; while [ ! -e /out/go ]; do sleep 0.02; done; exit 4"
        arn = run(server, "job", container("sh", "-c", line, mountPoints=point), **volume)
        eventually(lambda: (tmp_path / "began").exists())
        server.kill()
        server.start()
        ecs.register_task_definition(
            family="web", containerDefinitions=[container("sleep", "1000")]
        )
        ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)
        go.touch()
        assert ended(server, arn)["containers"][0]["exitCode"] == 4
        assert (tmp_path / "began").read_text() == "began\n", "once"

        def running() -> bool:
            (service,) = ecs.describe_services(services=["web"])["services"]
            return bool(service["runningCount"] == 1)

        eventually(running)
        (before,) = ecs.list_tasks(serviceName="web")["taskArns"]
        server.kill_agent()
        lost = ended(server, before)
        assert lost["stopCode"] == "TerminationNotice"
        eventually(running)
        assert ecs.list_tasks(serviceName="web")["taskArns"] != [before]


def test_boto3s_waiters_see_what_happens(server: Server) -> None:
    ecs, soon = server.client("ecs"), {"Delay": 1, "MaxAttempts": 60}
    arn = run(server, "waited", container("sleep", "1000"))
    ecs.get_waiter("tasks_running").wait(tasks=[arn], WaiterConfig=soon)
    ecs.create_service(serviceName="waited", taskDefinition="waited", desiredCount=2)
    ecs.get_waiter("services_stable").wait(services=["waited"], WaiterConfig=soon)
    of_service = ecs.list_tasks(serviceName="waited")["taskArns"]
    assert len(of_service) == 2
    ecs.stop_task(task=arn)
    ecs.delete_service(service="waited", force=True)
    ecs.get_waiter("services_inactive").wait(services=["waited"], WaiterConfig=soon)
    ecs.get_waiter("tasks_stopped").wait(tasks=[arn, *of_service], WaiterConfig=soon)


def test_the_machine_is_a_container_instance(server: Server) -> None:
    ecs = server.client("ecs")
    (here,) = ecs.list_container_instances()["containerInstanceArns"]

    def look() -> dict[str, Any]:
        (shown,) = ecs.describe_container_instances(containerInstances=[here])["containerInstances"]
        return dict(shown)

    def cpu(resources: list[dict[str, Any]]) -> int:
        return next(int(r["integerValue"]) for r in resources if r["name"] == "CPU")

    before = look()
    assert before["agentConnected"] and before["status"] == "ACTIVE"
    assert cpu(before["registeredResources"]) >= 1024
    attributes = {a["name"]: a.get("value") for a in before["attributes"]}
    assert attributes["ecs.cpu-architecture"] == {"aarch64": "arm64"}.get(machine(), machine())
    ecs.register_task_definition(
        family="here", containerDefinitions=[container("sleep", "1000", cpu=128)]
    )
    (made,) = ecs.start_task(taskDefinition="here", containerInstances=[here])["tasks"]
    eventually(lambda: task(server, made["taskArn"])["lastStatus"] == "RUNNING")
    after = look()
    assert cpu(before["remainingResources"]) - cpu(after["remainingResources"]) == 128
    assert after["runningTasksCount"] == before["runningTasksCount"] + 1
    ecs.stop_task(task=made["taskArn"])
    assert ended(server, made["taskArn"])["containerInstanceArn"] == here
