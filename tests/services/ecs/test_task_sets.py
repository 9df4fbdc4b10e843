"""Task sets: somebody else carries out a service's deployments."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from owari.errors import ServiceError
from tests.services.ecs.support import NETWORK, EcsWorld, container
from tests.services.ecs.test_services import all_begin, tasks_of

OF = {"cluster": "default", "service": "s"}


@pytest.fixture
def outer(world: EcsWorld) -> EcsWorld:
    """A service of four tasks without a task set; definitions `blue` and `green`."""
    world.compute.duration = lambda _spec: 1e9
    for family in ("blue", "green"):
        world.define(family, container(family))
    world.ecs("CreateService", serviceName="s", desiredCount=4,
              deploymentController={"type": "EXTERNAL"})  # fmt: skip
    return world


def make(world: EcsWorld, family: str, percent: float = 100, **more: Any) -> dict[str, Any]:
    scale = {"value": percent, "unit": "PERCENT"}
    made = world.ecs("CreateTaskSet", **OF, taskDefinition=family, scale=scale, **more)
    return dict(made["taskSet"])


def scale(world: EcsWorld, made: dict[str, Any], percent: float) -> None:
    to = {"value": percent, "unit": "PERCENT"}
    world.ecs("UpdateTaskSet", **OF, taskSet=made["taskSetArn"], scale=to)


def sets(world: EcsWorld, *ids: str) -> list[dict[str, Any]]:
    return list(world.ecs("DescribeTaskSets", **OF, taskSets=list(ids))["taskSets"])


def images(world: EcsWorld) -> Counter[str]:
    tasks = tasks_of(world)
    return Counter(next(iter(world.containers(t).values()))["image"] for t in tasks)


def test_a_deployment_from_blue_to_green(outer: EcsWorld) -> None:
    blue = make(outer, "blue")
    assert (blue["status"], blue["computedDesiredCount"]) == ("ACTIVE", 4)
    assert blue["taskSetArn"].endswith(f":task-set/default/s/{blue['id']}")
    outer.ecs("UpdateServicePrimaryTaskSet", **OF, primaryTaskSet=blue["id"])
    all_begin(outer)
    (shown,) = sets(outer)
    assert (shown["status"], shown["stabilityStatus"]) == ("PRIMARY", "STEADY_STATE")
    assert (shown["runningCount"], shown["pendingCount"]) == (4, 0)
    green = make(outer, "green", 30)
    all_begin(outer)
    assert images(outer) == {"blue": 4, "green": 2}, "1.2 is rounded up"
    scale(outer, green, 100)
    outer.crash()
    all_begin(outer)
    outer.ecs("UpdateServicePrimaryTaskSet", **OF, primaryTaskSet=green["taskSetArn"])
    assert [m["status"] for m in sets(outer)] == ["ACTIVE", "PRIMARY"]
    scale(outer, blue, 0)
    all_begin(outer)
    gone = outer.ecs("DeleteTaskSet", **OF, taskSet=blue["id"])["taskSet"]
    assert gone["status"] == "DRAINING"
    outer.settle(10)
    service = outer.service()
    assert [m["id"] for m in service["taskSets"]] == [green["id"]]
    assert (service["runningCount"], service["deployments"]) == (4, [])
    assert service["taskDefinition"].endswith("task-definition/green:1")
    assert images(outer) == {"green": 4}
    assert any(green["id"] in e["message"] and "steady" in e["message"] for e in service["events"])


def test_tasks_of_a_set_are_replaced_and_scale_with_the_service(outer: EcsWorld) -> None:
    made = make(outer, "blue", 50)
    all_begin(outer)
    first, _ = tasks_of(outer)
    assert outer.task(first)["startedBy"] == made["id"]
    outer.ecs("StopTask", task=first)
    all_begin(outer)
    assert len(tasks_of(outer)) == 2 and first not in tasks_of(outer)
    outer.ecs("UpdateService", service="s", desiredCount=10)
    assert sets(outer)[0]["stabilityStatus"] == "STEADY_STATE"
    outer.settle(0.1)
    assert sets(outer)[0]["stabilityStatus"] == "STABILIZING"
    all_begin(outer)
    assert images(outer) == {"blue": 5}


def test_a_protected_task_of_a_set(outer: EcsWorld) -> None:
    made = make(outer, "blue")
    all_begin(outer)
    kept = tasks_of(outer)[0]
    outer.ecs("UpdateTaskProtection", cluster="default", tasks=[kept], protectionEnabled=True,
              expiresInMinutes=2)  # fmt: skip
    outer.ecs("DeleteTaskSet", **OF, taskSet=made["id"], force=True)
    outer.settle(60)
    assert tasks_of(outer) == [kept] and sets(outer)[0]["status"] == "DRAINING"
    outer.settle(100)
    assert tasks_of(outer) == [] and sets(outer) == []


def test_a_fargate_set(outer: EcsWorld) -> None:
    small = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"}
    outer.define("f", container("f"), requiresCompatibilities=["FARGATE"], **small)
    tags = [{"key": "k", "value": "v"}]
    made = make(outer, "f", launchType="FARGATE", networkConfiguration=NETWORK, tags=tags,
                externalId="e", clientToken="t")  # fmt: skip
    assert (made["platformVersion"], made["externalId"]) == ("1.4.0", "e")
    assert outer.ecs("ListTagsForResource", resourceArn=made["taskSetArn"])["tags"] == tags
    found = outer.ecs("DescribeTaskSets", **OF, include=["TAGS"])["taskSets"]
    assert found[0]["tags"] == tags
    again = make(outer, "f", launchType="FARGATE", networkConfiguration=NETWORK, clientToken="t")
    assert again["id"] == made["id"]
    outer.settle()
    assert {outer.task(t)["launchType"] for t in tasks_of(outer)} == {"FARGATE"}


def test_they_go_with_the_service(outer: EcsWorld) -> None:
    make(outer, "blue")
    all_begin(outer)
    outer.ecs("DeleteService", service="s", force=True)
    outer.settle(10)
    assert outer.service()["status"] == "INACTIVE"
    assert outer.service()["taskSets"] == []
    with pytest.raises(ServiceError, match="ServiceNotActiveException"):
        make(outer, "blue")


def test_what_is_refused(outer: EcsWorld) -> None:
    outer.ecs("CreateService", serviceName="own", taskDefinition="blue", desiredCount=0)
    with pytest.raises(ServiceError, match="EXTERNAL"):
        outer.ecs("CreateTaskSet", cluster="default", service="own", taskDefinition="blue")
    with pytest.raises(ServiceError, match="ServiceNotFoundException"):
        outer.ecs("CreateTaskSet", cluster="default", service="x", taskDefinition="blue")
    with pytest.raises(ServiceError, match="between 0 and 100"):
        make(outer, "blue", 101)
    with pytest.raises(ServiceError, match="TaskSetNotFoundException"):
        outer.ecs("UpdateServicePrimaryTaskSet", **OF, primaryTaskSet="ecs-svc/1")
    made = make(outer, "blue")
    with pytest.raises(ServiceError, match="scaled above 0"):
        outer.ecs("DeleteTaskSet", **OF, taskSet=made["id"])
    missing = outer.ecs("DescribeTaskSets", **OF, taskSets=["ecs-svc/1"])["failures"]
    assert missing[0]["reason"] == "MISSING"
    for _ in range(4):
        make(outer, "green", 0)
    with pytest.raises(ServiceError, match="LimitExceededException"):
        make(outer, "green", 0)


@pytest.mark.parametrize(
    "more",
    [
        {"taskDefinition": "blue"},
        {"launchType": "FARGATE"},
        {"networkConfiguration": NETWORK},
    ],
)
def test_what_is_the_task_sets_to_say(outer: EcsWorld, more: dict[str, Any]) -> None:
    with pytest.raises(ServiceError, match="EXTERNAL"):
        outer.ecs("CreateService", serviceName="t", desiredCount=1,
                  deploymentController={"type": "EXTERNAL"}, **more)  # fmt: skip
    if "launchType" not in more:  # UpdateService has none
        with pytest.raises(ServiceError, match="EXTERNAL"):
            outer.ecs("UpdateService", service="s", **more)
