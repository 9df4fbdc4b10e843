"""The history of a service's deployments, and how one is stopped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.errors import ServiceError
from owari.services.ecs.deploying import threshold
from tests.services.ecs.support import EcsWorld, container
from tests.services.ecs.test_services import all_begin, tasks_of


@pytest.fixture
def kept(world: EcsWorld) -> EcsWorld:
    """A service of two tasks that do not end."""
    world.compute.duration = lambda _spec: 1e9
    world.define("f")
    world.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=2)
    return world


def history(world: EcsWorld, **more: Any) -> list[dict[str, Any]]:
    return list(world.ecs("ListServiceDeployments", service="s", **more)["serviceDeployments"])


def detail(world: EcsWorld, arn: str) -> dict[str, Any]:
    found = world.ecs("DescribeServiceDeployments", serviceDeploymentArns=[arn])
    assert found["failures"] == []
    return dict(found["serviceDeployments"][0])


def revision(world: EcsWorld, arn: str) -> dict[str, Any]:
    found = world.ecs("DescribeServiceRevisions", serviceRevisionArns=[arn])
    assert found["failures"] == []
    return dict(found["serviceRevisions"][0])


def deploy(world: EcsWorld, image: str, **more: Any) -> str:
    """The ARN of the service deployment."""
    world.define("f", container(image))
    made = world.ecs("UpdateService", service="s", taskDefinition="f", **more)["service"]
    return str(made["currentServiceDeployment"])


def test_a_deployments_way(kept: EcsWorld) -> None:
    (brief,) = history(kept)
    assert brief["status"] == "PENDING" and "startedAt" not in brief
    kept.settle()
    (brief,) = history(kept)
    assert brief["status"] == "IN_PROGRESS"
    shown = detail(kept, brief["serviceDeploymentArn"])
    assert shown["sourceServiceRevisions"] == []
    target = shown["targetServiceRevision"]
    assert target == {
        "arn": brief["targetServiceRevisionArn"],
        "requestedTaskCount": 2,
        "pendingTaskCount": 2,
        "runningTaskCount": 0,
    }
    assert shown["deploymentCircuitBreaker"]["status"] == "DISABLED"
    all_begin(kept)
    kept.crash()
    (brief,) = history(kept)
    assert brief["status"] == "SUCCESSFUL"
    assert brief["createdAt"] <= brief["startedAt"] <= brief["finishedAt"]
    service = kept.service()
    assert "currentServiceDeployment" not in service
    (current,) = service["currentServiceRevisions"]
    assert (current["arn"], current["runningTaskCount"]) == (target["arn"], 2)
    number = service["deployments"][0]["id"].rpartition("/")[2]
    assert target["arn"].endswith(f":service-revision/default/s/{number}")


def test_two_revisions(kept: EcsWorld) -> None:
    all_begin(kept)
    arn = deploy(kept, "new")
    kept.settle()
    shown = detail(kept, arn)
    (source,) = shown["sourceServiceRevisions"]
    assert (source["requestedTaskCount"], source["runningTaskCount"]) == (0, 2)
    assert shown["targetServiceRevision"]["pendingTaskCount"] == 2
    images = [
        revision(kept, r["arn"])["containerImages"]
        for r in (source, shown["targetServiceRevision"])
    ]
    assert [[i["image"] for i in found] for found in images] == [["app"], ["new"]]
    assert revision(kept, source["arn"])["launchType"] == "EC2"
    all_begin(kept)
    assert detail(kept, arn)["status"] == "SUCCESSFUL"
    assert [d["status"] for d in history(kept)] == ["SUCCESSFUL", "SUCCESSFUL"]


def test_a_newer_one_takes_the_place_of_one_under_way(kept: EcsWorld) -> None:
    all_begin(kept)
    first = deploy(kept, "one")
    kept.settle()
    second = deploy(kept, "two")
    all_begin(kept)
    all_begin(kept)
    shown = detail(kept, first)
    assert (shown["status"], "stoppedAt" in shown) == ("STOPPED", True)
    assert detail(kept, second)["status"] == "SUCCESSFUL"


def test_stopping_goes_back_to_the_revision_before(kept: EcsWorld) -> None:
    all_begin(kept)
    before = kept.service()
    arn = deploy(kept, "new", desiredCount=3)
    kept.settle()
    assert kept.ecs("StopServiceDeployment", serviceDeploymentArn=arn) == {
        "serviceDeploymentArn": arn
    }
    assert detail(kept, arn)["status"] == "ROLLBACK_IN_PROGRESS"
    kept.crash()
    all_begin(kept)
    all_begin(kept)
    shown, service = detail(kept, arn), kept.service()
    assert shown["status"] == "ROLLBACK_SUCCESSFUL"
    assert shown["rollback"]["serviceRevisionArn"] == before["currentServiceRevisions"][0]["arn"]
    assert service["taskDefinition"] == before["taskDefinition"]
    assert service["currentServiceRevisions"][0]["arn"] == shown["rollback"]["serviceRevisionArn"]
    assert service["currentServiceRevisions"][0]["runningTaskCount"] == 3
    assert before["deployments"][0]["id"] != service["deployments"][0]["id"]
    with pytest.raises(ServiceError, match=r"ConflictException.*ROLLBACK_SUCCESSFUL"):
        kept.ecs("StopServiceDeployment", serviceDeploymentArn=arn)


def test_the_breaker_goes_back_once(world: EcsWorld) -> None:
    breaker = {"enable": True, "rollback": True}
    world.compute.duration = lambda _spec: 1e9
    world.define("f")
    world.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=1,
              deploymentConfiguration={"deploymentCircuitBreaker": breaker})  # fmt: skip
    all_begin(world)
    (first,) = history(world)
    assert detail(world, first["serviceDeploymentArn"])["deploymentCircuitBreaker"] == {
        "status": "MONITORING_COMPLETE",
        "failureCount": 0,
        "threshold": 3,
    }
    world.compute.process = lambda _spec: (1, "")
    world.compute.duration = lambda _spec: 0.1  # all that begins from now on
    arn = deploy(world, "bad", desiredCount=2)
    for _ in range(40):
        world.settle(8)
    shown = detail(world, arn)
    assert shown["status"] == "ROLLBACK_FAILED"
    assert shown["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert shown["statusReason"] == "Circuit breaker threshold exceeded."
    assert world.service()["deployments"][0]["rolloutState"] == "FAILED"
    assert len(history(world)) == 2


def test_listing(kept: EcsWorld) -> None:
    all_begin(kept)
    middle = kept.clock.now()
    kept.settle(10)
    deploy(kept, "new")
    kept.settle()
    arn = kept.service()["serviceArn"]
    assert [d["status"] for d in history(kept)] == ["IN_PROGRESS", "SUCCESSFUL"]
    assert [d["status"] for d in history(kept, status=["SUCCESSFUL"])] == ["SUCCESSFUL"]
    assert [d["status"] for d in history(kept, createdAt={"after": middle})] == ["IN_PROGRESS"]
    assert [d["status"] for d in history(kept, createdAt={"before": middle})] == ["SUCCESSFUL"]
    page = kept.ecs("ListServiceDeployments", service=arn, maxResults=1)
    rest = kept.ecs("ListServiceDeployments", service=arn, nextToken=page["nextToken"])
    assert [d["status"] for d in rest["serviceDeployments"]] == ["SUCCESSFUL"]


def test_those_of_one_moment_are_told_apart_too(kept: EcsWorld) -> None:
    for n in range(20):
        deploy(kept, f"i{n}")
    assert [d["status"] for d in history(kept, maxResults=100)] == ["PENDING"] + ["STOPPED"] * 20


def test_a_services_arn_names_its_cluster(world: EcsWorld) -> None:
    world.ecs("CreateCluster", clusterName="c")
    world.define("f")
    made = world.ecs("CreateService", cluster="c", serviceName="s", taskDefinition="f",
                     desiredCount=0)["service"]  # fmt: skip
    found = world.ecs("ListServiceDeployments", service=made["serviceArn"])["serviceDeployments"]
    assert [d["serviceArn"] for d in found] == [made["serviceArn"]]


def test_no_more_than_a_hundred_are_kept_and_they_go_with_the_service(world: EcsWorld) -> None:
    world.define("f")
    world.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=0)
    for _ in range(104):
        world.ecs("UpdateService", service="s", forceNewDeployment=True)
    assert len(history(world, maxResults=100)) == 100
    world.ecs("DeleteService", service="s")
    world.settle()
    assert history(world)[0]["status"] == "STOPPED"
    world.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=0)
    assert len(history(world)) == 1


def test_what_is_not_there(kept: EcsWorld) -> None:
    (brief,) = history(kept)
    none = brief["serviceDeploymentArn"][:-3] + "abc"
    found = kept.ecs("DescribeServiceDeployments", serviceDeploymentArns=[none])
    assert found["failures"] == [{"arn": none, "reason": "MISSING"}]
    other = brief["targetServiceRevisionArn"] + "0"
    assert kept.ecs("DescribeServiceRevisions", serviceRevisionArns=[other])["failures"]
    with pytest.raises(ServiceError, match="ServiceDeploymentNotFoundException"):
        kept.ecs("StopServiceDeployment", serviceDeploymentArn=none)
    with pytest.raises(ServiceError, match=r"ConflictException.*no service revision to go back"):
        kept.ecs("StopServiceDeployment", serviceDeploymentArn=brief["serviceDeploymentArn"])
    with pytest.raises(ServiceError, match="InvalidParameterException"):
        kept.ecs("StopServiceDeployment", serviceDeploymentArn=none, stopType="ABORT")
    with pytest.raises(ServiceError, match="Invalid identifier"):
        kept.ecs("DescribeServiceRevisions", serviceRevisionArns=[none])
    with pytest.raises(ServiceError, match="ServiceNotFoundException"):
        kept.ecs("ListServiceDeployments", service="none")


def test_events_of_a_service(kept: EcsWorld) -> None:
    url = kept.call("sqs", "CreateQueue", QueueName="q")["QueueUrl"]
    pattern = {"source": ["aws.ecs"], "resources": [kept.service()["serviceArn"]]}
    kept.call("events", "PutRule", Name="r", EventPattern=json.dumps(pattern))
    arn = "arn:aws:sqs:us-east-1:000000000000:q"
    kept.call("events", "PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    all_begin(kept)
    deploy(kept, "new")
    all_begin(kept)
    all_begin(kept)
    told = []
    while found := kept.call("sqs", "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10):
        if not found.get("Messages"):
            break
        told += [json.loads(m["Body"])["detail"]["eventName"] for m in found["Messages"]]
    assert sorted(told) == [
        "SERVICE_DEPLOYMENT_COMPLETED",
        "SERVICE_DEPLOYMENT_COMPLETED",
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "SERVICE_STEADY_STATE",
        "SERVICE_STEADY_STATE",
    ]


@pytest.mark.parametrize(
    ("given", "wanted", "expected"),
    [
        ({}, 1, 3),
        ({}, 25, 13),
        ({}, 1000, 200),
        ({"type": "COUNT", "value": 7}, 1000, 7),
        ({"type": "BOUNDED_PERCENT", "value": 10}, 50, 5),
        ({"type": "UNBOUNDED_PERCENT", "value": 10}, 10_000, 1000),
    ],
)
def test_thresholds(given: dict[str, Any], wanted: int, expected: int) -> None:
    breaker = {"enable": True, "thresholdConfiguration": given}
    assert threshold({"deploymentCircuitBreaker": breaker}, wanted) == expected


def test_nothing_but_the_rolled_back_tasks_is_left(kept: EcsWorld) -> None:
    all_begin(kept)
    arn = deploy(kept, "new")
    kept.settle()
    kept.ecs("StopServiceDeployment", serviceDeploymentArn=arn)
    all_begin(kept)
    all_begin(kept)
    assert {kept.containers(t)["app"]["image"] for t in tasks_of(kept)} == {"app"}
