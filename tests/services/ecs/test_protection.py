"""Scale-in protection really keeps tasks, for its time."""

from __future__ import annotations

from typing import Any

import pytest

from owari.errors import ServiceError
from tests.services.ecs.support import EcsWorld, container
from tests.services.ecs.test_services import all_begin, tasks_of


@pytest.fixture
def three(world: EcsWorld) -> EcsWorld:
    """A service of three tasks that go on until they are stopped."""
    world.compute.duration = lambda _spec: 1e9
    world.define("f")
    world.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=3)
    all_begin(world)
    return world


def protect(world: EcsWorld, *tasks: str, on: bool = True, **more: Any) -> list[dict[str, Any]]:
    made = world.ecs("UpdateTaskProtection", cluster="default", tasks=list(tasks),
                     protectionEnabled=on, **more)  # fmt: skip
    assert made["failures"] == []
    return list(made["protectedTasks"])


def protected(world: EcsWorld, *tasks: str) -> list[bool]:
    found = world.ecs("GetTaskProtection", cluster="default", tasks=list(tasks))
    return [task["protectionEnabled"] for task in found["protectedTasks"]]


def test_a_protected_task_outlives_a_scale_in(three: EcsWorld) -> None:
    oldest, *_ = tasks_of(three)  # the one that would go first
    (shown,) = protect(three, oldest)
    assert shown["expirationDate"] == three.clock.now() + 7200
    three.ecs("UpdateService", service="s", desiredCount=1)
    three.settle(60)
    assert tasks_of(three) == [oldest]
    assert three.service()["deployments"][0]["rolloutState"] == "COMPLETED"


def test_it_ends_by_itself(three: EcsWorld) -> None:
    kept, other, _ = tasks_of(three)
    protect(three, kept, other, expiresInMinutes=1)
    three.ecs("UpdateService", service="s", desiredCount=0)
    three.settle(50)
    assert tasks_of(three) == [kept, other]
    blocked = [e["message"] for e in three.service()["events"] if "protected tasks" in e["message"]]
    assert len(blocked) == 1
    three.crash()
    three.settle(15)
    assert protected(three, kept) == []  # stopped
    assert tasks_of(three) == []
    three.settle(10)
    assert "steady state" in three.service()["events"][0]["message"]


def test_it_ends_when_it_is_taken_away(three: EcsWorld) -> None:
    kept = tasks_of(three)[0]
    protect(three, kept)
    three.ecs("UpdateService", service="s", desiredCount=0)
    three.settle(30)
    assert tasks_of(three) == [kept] and protected(three, kept) == [True]
    refused = three.ecs("UpdateTaskProtection", cluster="default", tasks=[kept],
                        protectionEnabled=True)  # fmt: skip
    assert refused["failures"] == [{"arn": kept, "reason": "DEPLOYMENT_BLOCKED"}]
    assert protect(three, kept, on=False) == [{"taskArn": kept, "protectionEnabled": False}]
    three.settle(5)
    assert tasks_of(three) == []


def test_a_deployment_waits_for_it(three: EcsWorld) -> None:
    kept = tasks_of(three)[0]
    protect(three, kept, expiresInMinutes=5)
    three.define("f", container("new"))
    three.ecs("UpdateService", service="s", taskDefinition="f")
    all_begin(three)
    all_begin(three)
    service = three.service()
    assert [d["runningCount"] for d in service["deployments"]] == [3, 1]
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    three.settle(300)
    (deployment,) = three.service()["deployments"]
    assert deployment["rolloutState"] == "COMPLETED" and kept not in tasks_of(three)


def test_it_does_not_keep_from_stop_task_or_delete_service(three: EcsWorld) -> None:
    one, two, _ = tasks_of(three)
    protect(three, one, two)
    three.ecs("StopTask", task=one)
    three.settle(5)
    assert one not in tasks_of(three) and two in tasks_of(three)
    three.ecs("DeleteService", service="s", force=True)
    three.settle(5)
    assert three.service()["status"] == "INACTIVE"


def test_what_cannot_be_protected(three: EcsWorld) -> None:
    alone = three.run()
    made = three.ecs("UpdateTaskProtection", cluster="default", tasks=[alone, "none"],
                     protectionEnabled=True)  # fmt: skip
    assert [f["reason"] for f in made["failures"]] == ["TASK_NOT_VALID", "MISSING"]
    assert made["failures"][0]["arn"] == alone
    for minutes in (0, 2881):
        with pytest.raises(ServiceError, match="InvalidParameterException"):
            protect(three, tasks_of(three)[0], expiresInMinutes=minutes)
    with pytest.raises(ServiceError, match="more than 10"):
        protect(three, *["x"] * 11)
    with pytest.raises(ServiceError, match="ClusterNotFoundException"):
        three.ecs("GetTaskProtection", cluster="none", tasks=["x"])
