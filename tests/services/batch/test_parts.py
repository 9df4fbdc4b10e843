"""Jobs of several containers, and multi-node jobs."""

from __future__ import annotations

from typing import Any

import pytest

from owari.compute.base import Spec
from owari.errors import ServiceError
from tests.services.batch.support import BatchWorld

SIZE = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]


def container(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "image": name, "resourceRequirements": SIZE} | more


def define_task(world: BatchWorld, *containers: dict[str, Any], **more: Any) -> None:
    world.batch(
        "RegisterJobDefinition",
        jobDefinitionName="task",
        type="container",
        ecsProperties={"taskProperties": [{"containers": list(containers)}]},
        **more,
    )


def define_nodes(world: BatchWorld, count: int, main: int = 0, **more: Any) -> None:
    one = {"image": "node", "command": ["run"], "resourceRequirements": SIZE}
    world.batch(
        "RegisterJobDefinition",
        jobDefinitionName="nodes",
        type="multinode",
        nodeProperties={
            "numNodes": count,
            "mainNode": main,
            "nodeRangeProperties": [{"targetNodes": "0:", "container": one}],
        },
        **more,
    )


def test_nodes_beyond_any_number_are_refused_before_they_are_counted(world: BatchWorld) -> None:
    define_nodes(world, 2)
    override = {"targetNodes": "0:", "containerOverrides": {"command": ["x"]}}
    with pytest.raises(ServiceError, match="numNodes must be between"):
        world.submit(
            definition="nodes",
            nodeOverrides={"numNodes": 2**31 - 1, "nodePropertyOverrides": [override]},
        )


def test_a_dependency_names_a_container(world: BatchWorld) -> None:
    with pytest.raises(ServiceError, match="not in the task"):
        define_task(world, container("a"), container("b", dependsOn=[{"condition": "START"}]))


def seconds(world: BatchWorld, **by_image: float) -> None:
    world.compute.duration = lambda spec: by_image.get(spec["image"], 1.0)


def test_containers_start_in_their_order(world: BatchWorld) -> None:
    define_task(
        world,
        container("work", dependsOn=[{"containerName": "init", "condition": "SUCCESS"}]),
        container("init", essential=False),
        container(
            "side", essential=False, dependsOn=[{"containerName": "work", "condition": "START"}]
        ),
    )
    seconds(world, init=5.0, work=5.0, side=1000.0)
    id = world.submit(definition="task")
    world.settle(1)
    assert [s["image"] for s in world.compute.started] == ["init"]
    world.settle(6)
    assert [s["image"] for s in world.compute.started] == ["init", "work", "side"]
    world.settle(20)
    detail = world.job(id)
    assert detail["status"] == "SUCCEEDED"
    (attempt,) = detail["attempts"]
    (task,) = attempt["taskProperties"]
    assert {c["name"]: c["exitCode"] for c in task["containers"]} == {
        "work": 0, "init": 0, "side": 143,
    }  # fmt: skip
    shown = detail["ecsProperties"]["taskProperties"][0]["containers"]
    assert [c["logStreamName"].split("/")[:2] for c in shown] == [
        ["task", "work"], ["task", "init"], ["task", "side"],
    ]  # fmt: skip


def test_an_essential_container_that_fails_ends_the_attempt(world: BatchWorld) -> None:
    define_task(world, container("a"), container("b"), retryStrategy={"attempts": 2})
    seconds(world, a=1.0, b=1000.0)
    world.compute.process = lambda spec: (int(spec["image"] == "a"), "")
    id = world.submit(definition="task")
    world.settle(20)
    detail = world.job(id)
    assert (detail["status"], len(detail["attempts"])) == ("FAILED", 2)
    assert [s["image"] for s in world.compute.started] == ["a", "b"] * 2


def test_a_container_whose_condition_fails_never_starts(world: BatchWorld) -> None:
    define_task(
        world,
        container("init", essential=False),
        container("work", dependsOn=[{"containerName": "init", "condition": "SUCCESS"}]),
    )
    world.compute.process = lambda _spec: (3, "")
    id = world.submit(definition="task")
    world.settle(20)
    assert world.status(id) == "FAILED"
    assert [s["image"] for s in world.compute.started] == ["init"]


def test_overrides_by_name(world: BatchWorld) -> None:
    define_task(world, container("a"), container("b"))
    override = {"taskProperties": [{"containers": [{"name": "b", "command": ["x"]}]}]}
    world.submit(definition="task", ecsPropertiesOverride=override)
    world.settle(5)
    assert {s["image"]: s["command"] for s in world.compute.started} == {"a": [], "b": ["x"]}
    override["taskProperties"][0]["containers"][0]["name"] = "c"
    with pytest.raises(ServiceError, match="no containers named c"):
        world.submit(definition="task", ecsPropertiesOverride=override)


@pytest.mark.parametrize(
    ("containers", "message"),
    [
        ([container("a"), container("a")], "unique names"),
        ([container("a", essential=False)], "essential"),
        (
            [container("a", dependsOn=[{"containerName": "z", "condition": "START"}])],
            "not in the task",
        ),
        (
            [
                container("a", dependsOn=[{"containerName": "b", "condition": "START"}]),
                container("b", dependsOn=[{"containerName": "a", "condition": "START"}]),
            ],
            "in a circle",
        ),
    ],
)
def test_tasks_are_validated(
    world: BatchWorld, containers: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(ServiceError, match=message):
        define_task(world, *containers)


def test_nodes_start_together_and_end_with_the_main_one(world: BatchWorld) -> None:
    define_nodes(world, 3, main=1)

    def duration(spec: Spec) -> float:
        node = spec["variables"].get("AWS_BATCH_JOB_NODE_INDEX", "none")
        return {"none": 10.0, "1": 5.0}.get(node, 1000.0)

    world.compute.duration = duration
    world.submit(containerOverrides={"vcpus": 2})
    world.settle(1)
    id = world.submit(definition="nodes")
    world.settle(1)
    assert world.status(id) == "RUNNABLE"  # there is room for two of them
    world.settle(20)
    nodes = [s["variables"] for s in world.compute.started if s["image"] == "node"]
    assert [v["AWS_BATCH_JOB_NODE_INDEX"] for v in nodes] == ["0", "1", "2"]
    assert {v["AWS_BATCH_JOB_NUM_NODES"] for v in nodes} == {"3"}
    assert {v["AWS_BATCH_JOB_MAIN_NODE_INDEX"] for v in nodes} == {"1"}
    addresses = [v.get("AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS") for v in nodes]
    assert addresses == ["127.0.0.1", None, "127.0.0.1"]
    detail = world.job(id)
    assert detail["status"] == "SUCCEEDED"
    assert detail["attempts"][0]["container"]["exitCode"] == 0
    node = world.job(f"{id}#2")
    assert node["nodeDetails"] == {"nodeIndex": 2, "isMainNode": False}
    assert node["container"]["exitCode"] == 143
    listed = world.batch("ListJobs", multiNodeJobId=id, jobStatus="SUCCEEDED")["jobSummaryList"]
    assert [s["jobId"] for s in listed] == [f"{id}#{n}" for n in range(3)]


def test_more_nodes_than_vcpus_run_alone(world: BatchWorld) -> None:
    define_nodes(world, 4)
    id = world.submit(definition="nodes", nodeOverrides={"numNodes": 8})
    assert "runs alone" in world.job(id)["statusReason"]
    world.settle(5)
    assert world.status(id) == "SUCCEEDED"
    assert [s["vcpus"] for s in world.compute.started] == [0.5] * 8


def test_terminating_a_multi_node_job(world: BatchWorld) -> None:
    define_nodes(world, 3)
    world.compute.duration = lambda _spec: 1000.0
    id = world.submit(definition="nodes")
    world.settle(1)
    world.batch("TerminateJob", jobId=id, reason="enough")
    world.settle(10)
    assert (world.status(id), world.job(id)["statusReason"]) == ("FAILED", "enough")


def test_nodes_are_validated(world: BatchWorld) -> None:
    with pytest.raises(ServiceError, match="mainNode"):
        define_nodes(world, 2, main=2)
    define_nodes(world, 2)
    with pytest.raises(ServiceError, match="can't be an array"):
        world.submit(definition="nodes", arrayProperties={"size": 2})
    with pytest.raises(ServiceError, match="can't be specified for multi-node"):
        world.submit(definition="nodes", containerOverrides={"vcpus": 1})
