"""The life of a task, in simulated time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.compute.fake import SystemFailure
from owari.errors import ServiceError
from tests.services.ecs.support import NETWORK, EcsWorld, after, container


def test_a_task_runs_and_stops(world: EcsWorld) -> None:
    world.define("f")
    answer = world.ecs("RunTask", taskDefinition="f", startedBy="me")
    assert answer["failures"] == []
    (task,) = answer["tasks"]
    assert (task["lastStatus"], task["desiredStatus"]) == ("PROVISIONING", "RUNNING")
    assert (task["group"], task["startedBy"]) == ("family:f", "me")
    world.settle(1)
    assert world.task(task["taskArn"])["lastStatus"] == "PENDING"
    world.began("app")
    assert world.task(task["taskArn"])["lastStatus"] == "RUNNING"
    world.settle(10)
    ended = world.task(task["taskArn"])
    assert (ended["lastStatus"], ended["desiredStatus"]) == ("STOPPED", "STOPPED")
    assert ended["stopCode"] == "EssentialContainerExited"
    assert ended["stoppedReason"] == "Essential container in task exited"
    assert ended["containers"][0]["exitCode"] == 0
    assert ended["createdAt"] <= ended["startedAt"] <= ended["stoppedAt"]


def test_up_to_ten_tasks_at_once(world: EcsWorld) -> None:
    world.define("f")
    assert len(world.ecs("RunTask", taskDefinition="f", count=10)["tasks"]) == 10
    for count in (0, 11):
        with pytest.raises(ServiceError, match="InvalidParameterException"):
            world.ecs("RunTask", taskDefinition="f", count=count)


def test_the_same_token_is_the_same_task(world: EcsWorld) -> None:
    world.define("f")
    first = world.run(clientToken="t")
    assert world.run(clientToken="t") == first
    with pytest.raises(ServiceError, match="ConflictException"):
        world.run(clientToken="t", count=2)
    world.advance(25 * 3600)
    assert world.run(clientToken="t") != first


def test_overrides(world: EcsWorld) -> None:
    world.define("f", container("app", command=["a"], environment=[{"name": "A", "value": "1"}]))
    override = {
        "name": "app",
        "command": ["b"],
        "environment": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
    }
    world.run(overrides={"containerOverrides": [override]})
    world.settle()
    spec = world.spec("app")
    assert spec["command"] == ["b"]
    assert (spec["variables"]["A"], spec["variables"]["B"]) == ("2", "3")
    with pytest.raises(ServiceError, match="nobody is not a container"):
        world.run(overrides={"containerOverrides": [{"name": "nobody"}]})


def test_containers_start_in_their_order(world: EcsWorld) -> None:
    world.define(
        "f",
        container("main", **after("init", "SUCCESS")),
        container("init", essential=False),
        container("side", essential=False, **after("main", "START")),
    )
    arn = world.run()
    world.seconds["side"] = 1000.0
    world.settle(1)
    assert world.given() == ["init"]
    world.settle(5)
    assert world.given() == ["init", "main"]
    assert world.task(arn)["lastStatus"] == "PENDING"
    world.began("main")
    world.settle(1)
    world.began("side")
    assert world.task(arn)["lastStatus"] == "RUNNING"
    world.settle(20)
    assert world.task(arn)["lastStatus"] == "STOPPED", "its essential container ended"
    assert world.containers(arn)["side"]["exitCode"] == 143


def test_a_dependency_that_failed(world: EcsWorld) -> None:
    world.define(
        "f", container("main", **after("init", "SUCCESS")), container("init", essential=False)
    )
    world.compute.process = lambda spec: (1 if spec["image"] == "init" else 0, "")
    arn = world.run()
    world.settle(20)
    task = world.task(arn)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "TaskFailedToStart")
    assert world.given() == ["init"]
    assert "exitCode" not in world.containers(arn)["main"]


def test_dependents_are_stopped_first(world: EcsWorld) -> None:
    world.define("f", container("db"), container("web", **after("db", "START")))
    world.seconds = {"db": 1000.0, "web": 1000.0}
    world.compute.stopping_s = 3.0
    arn = world.run()
    world.settle()
    world.began("db")
    world.settle()
    world.began("web")
    assert world.ecs("StopTask", task=arn, reason="enough")["task"]["lastStatus"] == "STOPPING"
    world.settle(4)
    assert world.containers(arn)["web"]["lastStatus"] == "STOPPED"
    assert world.containers(arn)["db"]["lastStatus"] == "RUNNING"
    world.settle(4)
    task = world.task(arn)
    assert task["lastStatus"] == "STOPPED"
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")


def test_health_decides_when_another_starts(world: EcsWorld) -> None:
    check = {"command": ["CMD-SHELL", "test -e /ready"], "interval": 5, "retries": 2}
    world.define(
        "f", container("db", healthCheck=check), container("web", **after("db", "HEALTHY"))
    )
    world.seconds = {"db": 1000.0, "web": 1000.0}
    world.compute.duration = lambda spec: 0.1 if "inside" in spec else 1000.0
    healthy = False
    world.compute.process = lambda spec: (0 if healthy else 1, "")
    arn = world.run()
    world.settle()
    db = world.spec("db")
    world.began("db")
    world.settle(12)
    checks = [spec for spec in world.compute.started if "inside" in spec]
    assert [spec["inside"] for spec in checks] == [db["run_id"]] * 2
    assert checks[0]["command"] == ["/bin/sh", "-c", "test -e /ready"]
    assert world.containers(arn)["db"]["healthStatus"] == "UNHEALTHY"
    assert "web" not in world.given()
    healthy = True
    world.settle(6)
    assert world.task(arn)["containers"][0]["healthStatus"] == "HEALTHY"
    assert "web" in world.given()


def test_patience_with_a_dependency_has_an_end(world: EcsWorld) -> None:
    check = {"command": ["CMD", "false"], "interval": 5}
    world.define(
        "f",
        container("db", healthCheck=check, startTimeout=8),
        container("web", **after("db", "HEALTHY")),
    )
    world.compute.duration = lambda spec: 0.1 if "inside" in spec else 1000.0
    arn = world.run()
    world.settle(20)
    task = world.task(arn)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "TaskFailedToStart")


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("CannotPullContainerError: no such image", "CannotPullContainerError: no such image"),
        ("CannotStartContainerError: exec", "Task failed to start"),
    ],
)
def test_what_cannot_start(world: EcsWorld, why: str, reason: str) -> None:
    world.define("f")

    def process(_spec: Any) -> Any:
        raise SystemFailure("failed", why)

    world.compute.process = process
    arn = world.run()
    world.settle(20)
    task = world.task(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("TaskFailedToStart", reason)
    assert task["containers"][0]["reason"] == why and "startedAt" not in task


def test_without_its_secret_or_log_group_it_does_not_start(world: EcsWorld) -> None:
    world.define("f", container("app", secrets=[{"name": "S", "valueFrom": "/nowhere"}]))
    options = {
        "awslogs-group": "/none",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "p",
    }
    log = {"logDriver": "awslogs", "options": options}
    world.define("g", container("app", logConfiguration=log))
    options = options | {"awslogs-create-group": "true"}
    world.define("h", container("app", logConfiguration=log | {"options": options}))
    for family in "fg":
        arn = world.run(family)
        world.settle(5)
        reason = world.task(arn)["stoppedReason"]
        assert reason.startswith("ResourceInitializationError: "), reason
    assert world.given() == []
    arn = world.run("h")
    world.settle(1)
    assert world.spec("app")["log_stream"] == f"p/app/{arn.rpartition('/')[2]}"


def test_secrets_of_containers(world: EcsWorld) -> None:
    """Registry credentials are kept and shown; no registry is asked."""
    made = world.call("secretsmanager", "CreateSecret", Name="db", SecretString='{"user": "u"}')
    world.call("ssm", "PutParameter", Name="/db/password", Value="hunter2", Type="SecureString")
    secrets = [
        {"name": "NAME", "valueFrom": f"{made['ARN']}:user::"},
        {"name": "PASSWORD", "valueFrom": "/db/password"},
    ]
    credentials = {"credentialsParameter": made["ARN"]}
    world.define("f", container("app", secrets=secrets, repositoryCredentials=credentials))
    shown = world.ecs("DescribeTaskDefinition", taskDefinition="f")["taskDefinition"]
    assert shown["containerDefinitions"][0]["repositoryCredentials"] == credentials
    assert shown["containerDefinitions"][0]["secrets"] == secrets
    world.run()
    world.settle(1)
    given = world.spec("app")["variables"]
    assert (given["NAME"], given["PASSWORD"]) == ("u", "hunter2")


def test_a_missing_secret_is_why_a_task_stops(world: EcsWorld) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:none"
    world.define("f", container("app", secrets=[{"name": "S", "valueFrom": arn}]))
    task = world.run()
    world.settle(5)
    found = world.task(task)
    assert found["stopCode"] == "TaskFailedToStart"
    assert found["stoppedReason"] == (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource"
        " retrieval failed: unable to retrieve secret from asm: service call has been retried 1"
        f" time(s): failed to fetch secret {arn} from secrets manager: ResourceNotFoundException:"
        " Secrets Manager can't find the specified secret."
    )
    assert world.given() == []


def test_environment_files(world: EcsWorld) -> None:
    world.call("s3", "CreateBucket", Bucket="files")
    file = {"type": "s3", "value": "arn:aws:s3:::files/no.env"}
    world.define("f", container("app", environmentFiles=[file]))
    arn = world.run()
    world.settle(5)
    assert "failed to download env files" in world.task(arn)["stoppedReason"]


def test_volumes(world: EcsWorld) -> None:
    volumes = [
        {"name": "own"},
        {"name": "host", "host": {"sourcePath": "/srv"}},
        {"name": "efs", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
    ]
    points = [{"sourceVolume": v["name"], "containerPath": f"/{v['name']}"} for v in volumes]
    world.define("f", container("app", mountPoints=points), volumes=volumes)
    id = world.run().rpartition("/")[2]
    world.settle()
    own, host, efs = world.spec("app")["mounts"]
    assert (own["source"], own["shared"]) == (None, f"{id}/own")
    assert (host["source"], host["target"]) == ("/srv", "/host")
    assert efs["shared"].startswith("fs-1")


def test_a_lost_agent_stops_its_tasks(world: EcsWorld) -> None:
    world.define("f")
    arn = world.run()
    world.settle(1)
    world.began("app")
    world.lose_agent()
    world.settle(1)
    task = world.task(arn)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "TerminationNotice")
    assert task["stoppedReason"].startswith("Host EC2 (instance i-")


def test_tasks_outlive_the_server(world: EcsWorld) -> None:
    world.define("f")
    arn = world.run()
    world.crash()
    world.settle(1)
    world.crash()
    world.settle(1)
    world.ecs("StopTask", task=arn)
    world.crash()
    world.settle(60)
    assert world.task(arn)["lastStatus"] == "STOPPED"
    assert len(world.compute.started) == 1


def test_a_task_has_its_room_as_a_whole(world: EcsWorld) -> None:
    world.machine(2, 1000)
    world.define("f", container("one", memory=300), container("two", memory=300))
    arns = [world.run() for _ in range(3)]
    world.settle(1)
    assert [world.task(a)["lastStatus"] for a in arns] == ["PENDING"] + 2 * ["PROVISIONING"]
    world.settle(30)
    assert [world.task(a)["lastStatus"] for a in arns] == 3 * ["STOPPED"]


def test_a_task_larger_than_the_machine_learns_why(world: EcsWorld) -> None:
    world.machine(2, 100)
    world.define("f", container("app", memory=5000))
    arn = world.run()
    world.settle(20)
    assert world.task(arn)["lastStatus"] == "STOPPED", "compute was asked, and it says why"


def test_listing(world: EcsWorld) -> None:
    world.define("f")
    world.define("g")
    a, b = world.run("f", startedBy="x"), world.run("g")
    assert world.ecs("ListTasks")["taskArns"] == [a, b]
    assert world.ecs("ListTasks", family="g")["taskArns"] == [b]
    assert world.ecs("ListTasks", startedBy="x")["taskArns"] == [a]
    assert world.ecs("ListTasks", launchType="FARGATE")["taskArns"] == []
    page = world.ecs("ListTasks", maxResults=1)
    assert world.ecs("ListTasks", nextToken=page["nextToken"])["taskArns"] == [b]
    world.settle(10)
    assert world.ecs("ListTasks")["taskArns"] == []
    assert world.ecs("ListTasks", desiredStatus="STOPPED")["taskArns"] == [a, b]
    world.advance(2 * 3600)
    world.run("f")
    world.settle(10)
    assert len(world.ecs("ListTasks", desiredStatus="STOPPED")["taskArns"]) == 1


def test_what_is_not_there(world: EcsWorld) -> None:
    with pytest.raises(ServiceError, match=r"ClusterNotFoundException: Cluster not found\."):
        world.run(cluster="none")
    with pytest.raises(ServiceError, match=r"ClientException: TaskDefinition not found\."):
        world.run("none")
    with pytest.raises(ServiceError, match="The referenced task was not found"):
        world.ecs("StopTask", task="x")
    assert world.ecs("DescribeTasks", tasks=["x"])["failures"][0]["reason"] == "MISSING"


def test_fargate_wants_a_network(world: EcsWorld) -> None:
    size = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"}
    world.define("f", {"name": "a", "image": "a"}, requiresCompatibilities=["FARGATE"], **size)
    with pytest.raises(ServiceError, match="Network Configuration must be provided"):
        world.run(launchType="FARGATE")
    world.ecs("PutClusterCapacityProviders", cluster="default", capacityProviders=["FARGATE_SPOT"],
              defaultCapacityProviderStrategy=[])  # fmt: skip
    answer = world.ecs(
        "RunTask", taskDefinition="f", networkConfiguration=NETWORK,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT"}],
    )  # fmt: skip
    (task,) = answer["tasks"]
    assert (task["launchType"], task["capacityProviderName"]) == ("FARGATE", "FARGATE_SPOT")
    assert task["attachments"][0]["type"] == "ElasticNetworkInterface"
    world.settle()
    spec = world.spec("a")
    assert (spec["vcpus"], spec["memory_mib"], spec["memory_limit_mib"]) == (0.25, 512, 512)


def test_tags(world: EcsWorld) -> None:
    arn = world.define("f", tags=[{"key": "team", "value": "a"}])
    task = world.run(propagateTags="TASK_DEFINITION", tags=[{"key": "x", "value": "y"}])
    expected = [{"key": "team", "value": "a"}, {"key": "x", "value": "y"}]
    assert world.ecs("ListTagsForResource", resourceArn=task)["tags"] == expected
    found = world.ecs("DescribeTasks", tasks=[task], include=["TAGS"])["tasks"][0]
    assert found["tags"] == expected
    world.ecs("TagResource", resourceArn=arn, tags=[{"key": "n", "value": "m"}])
    world.ecs("UntagResource", resourceArn=arn, tagKeys=["team"])
    shown = world.ecs("DescribeTaskDefinition", taskDefinition="f", include=["TAGS"])
    assert shown["tags"] == [{"key": "n", "value": "m"}]
    with pytest.raises(ServiceError, match="InvalidParameterException"):
        world.ecs("TagResource", resourceArn=arn + "9", tags=[])


def execute(world: EcsWorld, resource: str, parameters: dict[str, Any]) -> str:
    """The ARN of an execution of one task."""
    state = {"Type": "Task", "End": True, "Resource": f"arn:aws:states:::{resource}"}
    states = {"R": state | {"Parameters": parameters}}
    machine = world.call(
        "stepfunctions",
        "CreateStateMachine",
        name=resource.replace(":", "-"),
        definition=json.dumps({"StartAt": "R", "States": states}),
        roleArn="arn:aws:iam::000000000000:role/r",
    )
    started = world.call(
        "stepfunctions", "StartExecution", stateMachineArn=machine["stateMachineArn"]
    )
    return str(started["executionArn"])


def execution(world: EcsWorld, arn: str) -> dict[str, Any]:
    return world.call("stepfunctions", "DescribeExecution", executionArn=arn)


@pytest.mark.parametrize(("code", "status"), [(0, "SUCCEEDED"), (1, "FAILED")])
def test_a_workflow_waits_for_all_its_tasks(world: EcsWorld, code: int, status: str) -> None:
    world.define("f")
    world.compute.process = lambda _spec: (code, "")
    arn = execute(world, "ecs:runTask.sync", {"TaskDefinition": "f", "Count": 3})
    world.settle(2)
    assert execution(world, arn)["status"] == "RUNNING"
    world.crash()
    world.settle(20)
    found = execution(world, arn)
    assert found["status"] == status
    assert (found.get("output") or found["cause"]).count('"StoppedReason"') == 3


def test_a_workflow_that_is_stopped_stops_its_task(world: EcsWorld) -> None:
    world.define("f")
    arn = execute(world, "ecs:runTask.sync", {"TaskDefinition": "f"})
    world.settle(2)
    (task,) = world.ecs("ListTasks")["taskArns"]
    world.call("stepfunctions", "StopExecution", executionArn=arn)
    world.settle(2)
    assert world.task(task)["stopCode"] == "UserInitiated"


def test_a_workflow_waits_for_its_token(world: EcsWorld) -> None:
    world.define("f")
    override = {"Name": "app", "Environment": [{"Name": "TOKEN", "Value.$": "$$.Task.Token"}]}
    parameters = {"TaskDefinition": "f", "Overrides": {"ContainerOverrides": [override]}}
    arn = execute(world, "ecs:runTask.waitForTaskToken", parameters)
    world.settle(2)
    token = world.spec("app")["variables"]["TOKEN"]
    assert execution(world, arn)["status"] == "RUNNING"
    world.call("stepfunctions", "SendTaskSuccess", taskToken=token, output='{"done": 1}')
    world.settle(2)
    assert execution(world, arn)["output"] == '{"done":1}'


def test_status_changes_are_events(world: EcsWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []

    def announce(_tx: Any, source: str, kind: str, detail: Any, **more: Any) -> None:
        assert (source, kind) == ("aws.ecs", "ECS Task State Change")
        told.append(detail() | more)

    monkeypatch.setattr("owari.store.bus.announce", announce)
    world.define("f")
    arn = world.run()
    world.settle(10)
    assert [event["lastStatus"] for event in told] == [
        "PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING",
        "DEPROVISIONING", "STOPPED",
    ]  # fmt: skip
    assert [event["version"] for event in told] == list(range(1, 9))
    assert all(event["resources"] == [arn] for event in told)
    assert told[-1]["stoppedAt"].endswith("Z") and told[-1]["containers"][0]["exitCode"] == 0
