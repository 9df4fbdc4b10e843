"""What is shown of environments, queues, definitions and jobs that say little; what they must."""

from __future__ import annotations

from typing import Any

import pytest

from owari.errors import ServiceError
from tests.services.batch.support import BatchWorld

EC2 = {
    "type": "EC2", "maxvCpus": 4, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"],
    "instanceTypes": ["optimal"], "instanceRole": "ecsInstanceRole",
}  # fmt: skip
FARGATE = {"type": "FARGATE", "maxvCpus": 4, "subnets": ["s"], "securityGroupIds": ["g"]}
EMPTY: dict[str, list[Any]] = {
    "volumes": [], "environment": [], "mountPoints": [], "ulimits": [], "secrets": [],
}  # fmt: skip


def create(world: BatchWorld, name: str, resources: dict[str, Any]) -> None:
    world.batch(
        "CreateComputeEnvironment", computeEnvironmentName=name, type="MANAGED",
        computeResources=resources,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("resources", "name"),
    [
        (EC2, "subnets"), (EC2, "securityGroupIds"), (EC2, "instanceRole"),
        (EC2 | {"type": "SPOT"}, "subnets"),
        (FARGATE, "subnets"), (FARGATE, "securityGroupIds"),
        (FARGATE | {"type": "FARGATE_SPOT"}, "subnets"),
    ],
)  # fmt: skip
def test_what_compute_resources_must_say(
    world: BatchWorld, resources: dict[str, Any], name: str
) -> None:
    lacking: dict[str, Any] = {k: v for k, v in resources.items() if k != name}
    for broken in (lacking, lacking | {name: [] if name != "instanceRole" else ""}):
        with pytest.raises(ServiceError, match=f"{name} must be specified") as refusal:
            create(world, "x", broken)
        assert refusal.value.code == "ClientException"


def test_a_launch_template_may_say_the_security_groups(world: BatchWorld) -> None:
    template = {"launchTemplate": {"launchTemplateName": "t"}}
    create(world, "x", {k: v for k, v in EC2.items() if k != "securityGroupIds"} | template)


def test_empty_lists_change_nothing_on_fargate(world: BatchWorld) -> None:
    create(world, "fg", FARGATE)
    world.batch(
        "UpdateComputeEnvironment", computeEnvironment="fg",
        computeResources={"maxvCpus": 8, "subnets": [], "securityGroupIds": []},
    )  # fmt: skip
    (found,) = world.batch("DescribeComputeEnvironments", computeEnvironments=["fg"])[
        "computeEnvironments"
    ]
    assert found["computeResources"] == FARGATE | {"maxvCpus": 8}
    assert found["serviceRole"].endswith(
        ":role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
    )


def test_a_queue_keeps_the_order_it_was_given(world: BatchWorld) -> None:
    create(world, "fg", FARGATE)
    create(world, "more", FARGATE)
    order = [{"order": 7, "computeEnvironment": "fg"}, {"order": 3, "computeEnvironment": "more"}]
    world.batch("CreateJobQueue", jobQueueName="f", priority=1, computeEnvironmentOrder=order)
    (found,) = world.batch("DescribeJobQueues", jobQueues=["f"])["jobQueues"]
    shown = [
        (one["order"], one["computeEnvironment"].rpartition("/")[2])
        for one in found["computeEnvironmentOrder"]
    ]
    assert shown == [(3, "more"), (7, "fg")]
    assert found["jobQueueType"] == "ECS_FARGATE"
    (found,) = world.batch("DescribeJobQueues", jobQueues=["q"])["jobQueues"]
    assert found["jobQueueType"] == "ECS"


def test_actions_of_a_queue(world: BatchWorld) -> None:
    """Batch user guide, "Automatic remediation with jobStateTimeLimitActions"."""
    action = {
        "reason": "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED", "state": "RUNNABLE",
        "maxTimeSeconds": 600, "action": "CANCEL",
    }  # fmt: skip
    world.batch("UpdateJobQueue", jobQueue="q", jobStateTimeLimitActions=[action])
    ends = action | {"action": "TERMINATE"}  # that is for queues of SageMaker jobs
    with pytest.raises(ServiceError, match="must be CANCEL"):
        world.batch("UpdateJobQueue", jobQueue="q", jobStateTimeLimitActions=[ends])


def test_a_container_that_says_little(world: BatchWorld) -> None:
    for id in (world.submit(), world.submit(arrayProperties={"size": 2})):
        for _ in range(2):
            detail = world.job(id)
            assert EMPTY.items() <= detail["container"].items()
            assert detail["container"]["networkInterfaces"] == []
            assert detail["tags"] == {}
            world.settle(1)
    for child in (f"{id}:0", world.submit(retryStrategy={"attempts": 2})):
        world.settle(1)
        (attempt,) = world.job(child)["attempts"]
        assert attempt["container"]["networkInterfaces"] == []


def test_nodes_that_say_little(world: BatchWorld) -> None:
    container = {"image": "busybox", "command": ["true"], "vcpus": 1, "memory": 64}
    nodes = {
        "numNodes": 2, "mainNode": 0,
        "nodeRangeProperties": [{"targetNodes": "0:", "container": container}],
    }  # fmt: skip
    world.batch(
        "RegisterJobDefinition", jobDefinitionName="m", type="multinode", nodeProperties=nodes
    )
    (found,) = world.batch("DescribeJobDefinitions", jobDefinitionName="m")["jobDefinitions"]
    id = world.submit(definition="m")
    for shown in (found["nodeProperties"], world.job(id)["nodeProperties"]):
        assert EMPTY.items() <= shown["nodeRangeProperties"][0]["container"].items()
    node = world.job(f"{id}#1")
    assert EMPTY.items() <= node["container"].items()
    assert (node["container"]["networkInterfaces"], node["tags"]) == ([], {})


def test_what_never_began_has_no_log(world: BatchWorld) -> None:
    """ "Each container attempt receives a log stream name when they reach the RUNNING status." """
    world.compute.duration = lambda _spec: 10.0
    id = world.submit()
    world.settle(1)
    assert "logStreamName" not in world.job(id)["container"]
    world.started(world.compute.started[0])
    assert world.job(id)["container"]["logStreamName"]


def test_an_action_may_be_written_in_any_case(world: BatchWorld) -> None:
    world.compute.process = lambda _spec: (3, "")
    conditions = [{"onExitCode": "3", "action": "exit"}, {"onReason": "*", "action": "Retry"}]
    id = world.submit(retryStrategy={"attempts": 5, "evaluateOnExit": conditions})
    world.settle(5)
    assert len(world.job(id)["attempts"]) == 1
    with pytest.raises(ServiceError, match="action must be one of RETRY, EXIT") as refusal:
        world.submit(
            retryStrategy={"attempts": 2, "evaluateOnExit": [{"onReason": "*", "action": "x"}]}
        )
    assert refusal.value.code == "ClientException"
