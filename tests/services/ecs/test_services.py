"""Services keep their tasks alive, in simulated time."""

from __future__ import annotations

import pytest

from owari.errors import ServiceError
from owari.services.ecs.deploying import Counts, moves, pause_s
from tests.services.ecs.support import EcsWorld, container


@pytest.fixture
def endless(world: EcsWorld) -> EcsWorld:
    """Containers go on until they are stopped."""
    world.compute.duration = lambda spec: 0.1 if "inside" in spec else 1e9
    world.define("f")
    return world


def all_begin(world: EcsWorld, seconds: float = 2.0) -> None:
    """Whatever compute was given begins."""
    told: set[str] = set()
    for _ in range(8):
        world.settle(seconds / 8)
        for spec in list(world.compute.started):
            if spec["run_id"] not in told and "inside" not in spec:
                told.add(spec["run_id"])
                at = {"run_id": spec["run_id"], "attempt": 1, "started_at": world.clock.now()}
                world.tell("started", at)


def tasks_of(world: EcsWorld, name: str = "s") -> list[str]:
    return list(world.ecs("ListTasks", serviceName=name)["taskArns"])


def test_a_service_reaches_a_steady_state(endless: EcsWorld) -> None:
    made = endless.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=3)
    assert made["service"]["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    all_begin(endless)
    service = endless.service()
    assert (service["runningCount"], service["pendingCount"]) == (3, 0)
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    assert any("steady state" in event["message"] for event in service["events"])
    task = endless.task(tasks_of(endless)[0])
    assert (task["group"], task["startedBy"]) == ("service:s", service["deployments"][0]["id"])


def test_what_stops_is_replaced(endless: EcsWorld) -> None:
    endless.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=2)
    all_begin(endless)
    before = tasks_of(endless)
    endless.ecs("StopTask", task=before[0])
    all_begin(endless)
    assert len(tasks_of(endless)) == 2 and before[0] not in tasks_of(endless)
    endless.lose_agent()
    endless.crash()
    all_begin(endless)
    after = tasks_of(endless)
    assert len(after) == 2 and not set(before) & set(after)
    assert endless.service()["runningCount"] == 2


def test_scaling(endless: EcsWorld) -> None:
    endless.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=1)
    all_begin(endless)
    endless.ecs("UpdateService", service="s", desiredCount=25)
    all_begin(endless, 4)
    assert endless.service()["runningCount"] == 25
    endless.ecs("UpdateService", service="s", desiredCount=0)
    endless.settle(5)
    assert tasks_of(endless) == []
    stopped = endless.ecs("ListTasks", serviceName="s", desiredStatus="STOPPED")["taskArns"]
    task = endless.task(stopped[0])
    assert task["stopCode"] == "ServiceSchedulerInitiated"
    assert task["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/")


def test_rolling_to_a_new_definition_never_has_too_few(endless: EcsWorld) -> None:
    endless.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=4)
    all_begin(endless)
    second = endless.define("f", container("new"))
    endless.ecs("UpdateService", service="s", taskDefinition="f")
    endless.settle(1)
    service = endless.service()
    assert [d["status"] for d in service["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert (service["runningCount"], service["pendingCount"]) == (4, 4)
    all_begin(endless)
    service = endless.service()
    assert len(service["deployments"]) == 1 and service["runningCount"] == 4
    assert {endless.task(t)["taskDefinitionArn"] for t in tasks_of(endless)} == {second}


def test_the_throttle_and_the_circuit_breaker(world: EcsWorld) -> None:
    world.compute.duration = lambda _spec: 0.05
    world.compute.process = lambda _spec: (1, "")
    world.define("f")
    world.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=1)
    world.advance(120)
    started = len(world.compute.started)
    assert 5 <= started <= 12, "it slows down"
    assert any("unable to consistently start" in e["message"] for e in world.service()["events"])
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    world.ecs(
        "UpdateService", service="s", forceNewDeployment=True, deploymentConfiguration=breaker
    )
    world.advance(600)
    assert len(world.compute.started) == started + 3
    assert world.service()["deployments"][0]["rolloutState"] == "FAILED"


def test_a_bad_deployment_is_rolled_back(endless: EcsWorld) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    endless.ecs(
        "CreateService", serviceName="s", taskDefinition="f", desiredCount=1,
        deploymentConfiguration=breaker,
    )  # fmt: skip
    all_begin(endless)
    first = endless.service()["taskDefinition"]
    endless.define("f", container("bad"))
    endless.compute.process = lambda _spec: (1, "")
    endless.compute.duration = lambda spec: 0.1 if spec["image"] == "bad" else 1e9
    endless.ecs("UpdateService", service="s", taskDefinition="f")
    for _ in range(10):
        all_begin(endless, 8)
    service = endless.service()
    assert service["taskDefinition"] == first
    assert (service["runningCount"], len(service["deployments"])) == (1, 1)
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"


def test_an_unhealthy_task_is_replaced(world: EcsWorld) -> None:
    check = {"command": ["CMD", "check"], "interval": 5, "retries": 1}
    world.define("f", container("app", healthCheck=check))
    world.compute.duration = lambda spec: 0.1 if "inside" in spec else 1e9
    world.compute.process = lambda _spec: (1, "")
    world.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=1)
    all_begin(world)
    before = tasks_of(world)
    world.settle(7)
    assert tasks_of(world) and tasks_of(world) != before
    reason = world.task(before[0])["stoppedReason"]
    assert reason == "Task failed container health checks"


def test_deleting(endless: EcsWorld) -> None:
    endless.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=1)
    all_begin(endless)
    with pytest.raises(ServiceError, match="scaled above 0"):
        endless.ecs("DeleteService", service="s")
    with pytest.raises(ServiceError, match="ClusterContainsServicesException"):
        endless.ecs("DeleteCluster", cluster="default")
    assert endless.ecs("DeleteService", service="s", force=True)["service"]["status"] == "DRAINING"
    endless.settle(5)
    assert endless.service()["status"] == "INACTIVE"
    with pytest.raises(ServiceError, match="ServiceNotActiveException"):
        endless.ecs("UpdateService", service="s", desiredCount=1)
    endless.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=0)
    assert endless.ecs("ListServices")["serviceArns"] == [endless.service()["serviceArn"]]


def test_errors(endless: EcsWorld) -> None:
    with pytest.raises(ServiceError, match="ServiceNotFoundException"):
        endless.ecs("UpdateService", service="none", desiredCount=1)
    with pytest.raises(ServiceError, match="desired count"):
        endless.ecs("CreateService", serviceName="s", taskDefinition="f")
    endless.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=0)
    with pytest.raises(ServiceError, match="not idempotent"):
        endless.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=0)
    missing = endless.ecs("DescribeServices", services=["none"])["failures"]
    assert missing[0]["reason"] == "MISSING"


@pytest.mark.parametrize(
    ("wanted", "least", "most", "counts", "expected"),
    [
        (4, 100, 200, Counts(0, 0, 4, 4), (4, 0, 0)),
        (4, 100, 200, Counts(4, 2, 4, 4), (0, 0, 2)),
        (4, 50, 100, Counts(0, 0, 4, 4), (0, 0, 2)),
        (4, 50, 100, Counts(0, 0, 2, 2), (2, 0, 0)),
        (1, 0, 100, Counts(0, 0, 1, 1), (0, 0, 1)),
        (0, 100, 200, Counts(3, 3, 0, 0), (0, 3, 0)),
    ],
)
def test_moves(
    wanted: int, least: int, most: int, counts: Counts, expected: tuple[int, int, int]
) -> None:
    found = moves(wanted, {"minimumHealthyPercent": least, "maximumPercent": most}, counts)
    assert (found.start, found.stop_mine, found.stop_others) == expected


def test_pauses_grow_to_a_bound() -> None:
    assert [pause_s(n) for n in range(6)] == [0.0, 0.0, 1.0, 2.0, 4.0, 8.0]
    assert pause_s(10_000) == 300.0
