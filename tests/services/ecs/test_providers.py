"""Capacity providers, and the strategies that choose among them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from owari.errors import ServiceError
from owari.services.ecs.strategy import shared_out
from tests.services.ecs.support import NETWORK, EcsWorld, container

BOTH = ["FARGATE", "FARGATE_SPOT"]


def item(name: str, weight: int = 0, base: int = 0) -> dict[str, Any]:
    return {"capacityProvider": name, "weight": weight, "base": base}


def group(name: str = "g", **more: Any) -> dict[str, Any]:
    arn = (
        f"arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:u:autoScalingGroupName/{name}"
    )
    return {"autoScalingGroupArn": arn, **more}


@pytest.fixture
def fargate(world: EcsWorld) -> EcsWorld:
    """A cluster with both Fargate providers: two on FARGATE first, then one of four."""
    world.compute.duration = lambda _spec: 1e9
    small = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"}
    world.define("f", container("a"), requiresCompatibilities=["FARGATE"], **small)
    strategy = [item("FARGATE", 1, 2), item("FARGATE_SPOT", 3)]
    world.ecs("PutClusterCapacityProviders", cluster="default", capacityProviders=BOTH,
              defaultCapacityProviderStrategy=strategy)  # fmt: skip
    return world


def providers(world: EcsWorld, **wanted: Any) -> Counter[str]:
    arns = world.ecs("ListTasks", **wanted)["taskArns"]
    tasks = world.ecs("DescribeTasks", tasks=arns)["tasks"]
    assert {task["launchType"] for task in tasks} == {"FARGATE"}
    return Counter(task["capacityProviderName"] for task in tasks)


@pytest.mark.parametrize(
    ("strategy", "present", "count", "expected"),
    [
        ([item("a", 1), item("b", 1)], {}, 4, {"a": 2, "b": 2}),
        ([item("a", 1), item("b", 4)], {}, 10, {"a": 2, "b": 8}),
        ([item("a", 1, 2), item("b", 3)], {}, 10, {"a": 4, "b": 6}),
        ([item("a", 0, 3), item("b", 1)], {}, 5, {"a": 3, "b": 2}),
        ([item("a", 1), item("b", 0)], {}, 3, {"a": 3}),
        ([item("a")], {}, 3, {"a": 3}),
        ([item("a", 1), item("b", 1)], {"a": 3}, 3, {"b": 3}),
        ([item("a", 1, 2), item("b", 1)], {"b": 1}, 2, {"a": 2}),
        ([], {}, 2, {"": 2}),
    ],
)
def test_sharing_out(
    strategy: list[dict[str, Any]], present: dict[str, int], count: int, expected: dict[str, int]
) -> None:
    assert Counter(shared_out(strategy, present, count)) == expected


def test_the_clusters_default_strategy_is_kept_by_run_task(fargate: EcsWorld) -> None:
    fargate.ecs("RunTask", taskDefinition="f", count=10, networkConfiguration=NETWORK)
    assert providers(fargate) == {"FARGATE": 4, "FARGATE_SPOT": 6}


def test_a_service_keeps_its_strategy_when_it_grows(fargate: EcsWorld) -> None:
    made = fargate.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=2,
                       networkConfiguration=NETWORK)["service"]  # fmt: skip
    kept = [item("FARGATE", 1, 2), item("FARGATE_SPOT", 3)]
    assert (
        made["capacityProviderStrategy"]
        == kept
        == made["deployments"][0]["capacityProviderStrategy"]
    )
    assert "launchType" not in made
    fargate.settle()
    assert providers(fargate, serviceName="s") == {"FARGATE": 2}
    fargate.ecs("UpdateService", service="s", desiredCount=10)
    fargate.settle()
    assert providers(fargate, serviceName="s") == {"FARGATE": 4, "FARGATE_SPOT": 6}
    other = [item("FARGATE_SPOT", 1)]
    fargate.ecs("UpdateService", service="s", capacityProviderStrategy=other, desiredCount=1,
                forceNewDeployment=True)  # fmt: skip
    assert fargate.service()["deployments"][0]["capacityProviderStrategy"] == other


def test_what_is_used_cannot_be_taken_from_a_cluster(fargate: EcsWorld) -> None:
    task = fargate.run(networkConfiguration=NETWORK)
    assert fargate.task(task)["capacityProviderName"] == "FARGATE"
    fargate.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=0,
                networkConfiguration=NETWORK,
                capacityProviderStrategy=[item("FARGATE_SPOT", 1)])  # fmt: skip

    def leave(*names: str) -> None:
        fargate.ecs("PutClusterCapacityProviders", cluster="default", capacityProviders=[*names],
                    defaultCapacityProviderStrategy=[])  # fmt: skip

    for left in BOTH:
        with pytest.raises(ServiceError, match="ResourceInUseException"):
            leave(left)
    fargate.settle()
    fargate.ecs("StopTask", task=task)
    fargate.settle(60)
    leave("FARGATE_SPOT")
    fargate.ecs("DeleteService", service="s")
    fargate.settle()
    leave()
    (cluster,) = fargate.ecs("DescribeClusters")["clusters"]
    assert cluster["capacityProviders"] == []


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ([item("own", 1)], "not associated with the cluster"),
        ([item("FARGATE", 1, 1), item("FARGATE_SPOT", 1, 1)], "multiple capacity providers"),
        ([item("FARGATE"), item("FARGATE_SPOT")], "greater than zero"),
        ([item("FARGATE", 1), item("FARGATE", 1)], "duplicate"),
        ([item("FARGATE", 1001)], "between 0 and"),
        ([item("FARGATE", 1), item("there", 1)], "mix of capacity providers"),
    ],
)
def test_strategies_that_are_refused(
    fargate: EcsWorld, strategy: list[dict[str, Any]], message: str
) -> None:
    for name in ("own", "there"):
        fargate.ecs("CreateCapacityProvider", name=name, autoScalingGroupProvider=group(name))
    fargate.ecs("PutClusterCapacityProviders", cluster="default",
                capacityProviders=[*BOTH, "there"], defaultCapacityProviderStrategy=[])  # fmt: skip
    with pytest.raises(ServiceError, match=f"InvalidParameterException.*{message}"):
        fargate.ecs("RunTask", taskDefinition="f", networkConfiguration=NETWORK,
                    capacityProviderStrategy=strategy)  # fmt: skip


def test_one_of_an_auto_scaling_group_stands_for_this_machine(world: EcsWorld) -> None:
    scaling = {"status": "ENABLED", "targetCapacity": 90}
    made = world.ecs("CreateCapacityProvider", name="own", tags=[{"key": "k", "value": "v"}],
                     autoScalingGroupProvider=group(managedScaling=scaling))  # fmt: skip
    shown = made["capacityProvider"]
    assert (shown["status"], shown["type"]) == ("ACTIVE", "EC2_AUTOSCALING")
    told = shown["autoScalingGroupProvider"]
    assert told["managedScaling"]["maximumScalingStepSize"] == 10_000
    assert told["managedTerminationProtection"] == "DISABLED"
    world.ecs("CreateCluster", clusterName="c", capacityProviders=[shown["capacityProviderArn"]],
              defaultCapacityProviderStrategy=[item("own", 1)])  # fmt: skip
    world.define("f")
    arn = world.run(cluster="c")
    (task,) = world.ecs("DescribeTasks", cluster="c", tasks=[arn])["tasks"]
    assert (task["launchType"], task["capacityProviderName"]) == ("EC2", "own")
    with pytest.raises(ServiceError, match="associated with cluster: c"):
        world.ecs("DeleteCapacityProvider", capacityProvider="own")
    world.settle(10)
    world.ecs("DeleteCluster", cluster="c")
    gone = world.ecs("DeleteCapacityProvider", capacityProvider="own")["capacityProvider"]
    assert (gone["status"], gone["updateStatus"]) == ("INACTIVE", "DELETE_COMPLETE")
    assert gone["tags"] == [{"key": "k", "value": "v"}]
    found = world.ecs("DescribeCapacityProviders", capacityProviders=["own"])
    assert found["failures"][0]["reason"] == "MISSING"


def test_describing(world: EcsWorld) -> None:
    for n in range(9):
        world.ecs("CreateCapacityProvider", name=f"p{n}", autoScalingGroupProvider=group(str(n)))
    page = world.ecs("DescribeCapacityProviders")
    rest = world.ecs("DescribeCapacityProviders", nextToken=page["nextToken"])
    found = [*page["capacityProviders"], *rest["capacityProviders"]]
    assert [p["name"] for p in found] == [*BOTH, *(f"p{n}" for n in range(9))]
    assert found[0]["capacityProviderArn"].endswith(":capacity-provider/FARGATE")
    assert [p["type"] for p in found[:3]] == [*BOTH, "EC2_AUTOSCALING"]


def test_updating(world: EcsWorld) -> None:
    world.ecs("CreateCapacityProvider", name="p", autoScalingGroupProvider=group())
    scaling = {"status": "ENABLED", "targetCapacity": 50}
    change = {"managedScaling": scaling, "managedTerminationProtection": "ENABLED"}
    made = world.ecs("UpdateCapacityProvider", name="p", autoScalingGroupProvider=change)
    shown = made["capacityProvider"]
    assert shown["updateStatus"] == "UPDATE_COMPLETE"
    told = shown["autoScalingGroupProvider"]
    assert told["managedTerminationProtection"] == "ENABLED"
    assert told["managedScaling"]["targetCapacity"] == 50
    assert told["autoScalingGroupArn"] == group()["autoScalingGroupArn"]


def test_tags_of_a_provider(world: EcsWorld) -> None:
    made = world.ecs("CreateCapacityProvider", name="p", autoScalingGroupProvider=group())
    arn = made["capacityProvider"]["capacityProviderArn"]
    tag = [{"key": "k", "value": "v"}]
    world.ecs("TagResource", resourceArn=arn, tags=tag)
    assert world.ecs("ListTagsForResource", resourceArn=arn)["tags"] == tag
    for include, shown in (([], []), (["TAGS"], tag)):
        found = world.ecs("DescribeCapacityProviders", capacityProviders=[arn], include=include)
        assert found["capacityProviders"][0]["tags"] == shown


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("CreateCapacityProvider", {"name": "FargateOne"}, "name is invalid"),
        ("CreateCapacityProvider", {"name": "p"}, "already exists"),
        ("CreateCapacityProvider", {"name": "q"}, "already being used"),
        ("UpdateCapacityProvider", {"name": "none"}, "ClientException.*does not exist"),
        ("UpdateCapacityProvider", {"name": "p", "managedInstancesProvider": {}}, "NotImplemented"),
        ("DeleteCapacityProvider", {"capacityProvider": "FARGATE"}, "reserved"),
        ("CreateCluster", {"clusterName": "c", "capacityProviders": ["none"]}, "does not exist"),
        ("CreateCluster", {"clusterName": "c", "defaultCapacityProviderStrategy": [item("p", 1)]},
         "not associated"),
    ],
)  # fmt: skip
def test_what_is_refused(
    world: EcsWorld, operation: str, params: dict[str, Any], message: str
) -> None:
    world.ecs("CreateCapacityProvider", name="p", autoScalingGroupProvider=group())
    if operation == "CreateCapacityProvider":
        params = params | {"autoScalingGroupProvider": group()}
    with pytest.raises(ServiceError, match=message):
        world.ecs(operation, **params)
