"""What DescribeClusters, DescribeServices and DescribeTasks tell of."""

from __future__ import annotations

from typing import Any

import pytest

from owari.errors import ServiceError
from tests.services.ecs.support import NETWORK, EcsWorld, container

SMALL = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"}


@pytest.fixture
def mixed(world: EcsWorld) -> EcsWorld:
    """Two definitions whose tasks do not end: `f` for EC2, `g` for Fargate."""
    world.compute.duration = lambda _spec: 1e9
    world.define("f")
    world.define("g", container("g"), requiresCompatibilities=["FARGATE"], **SMALL)
    return world


def cluster(world: EcsWorld, *include: str) -> dict[str, Any]:
    (found,) = world.ecs("DescribeClusters", include=list(include))["clusters"]
    return dict(found)


def test_a_clusters_statistics(mixed: EcsWorld) -> None:
    how = {"launchType": "FARGATE", "networkConfiguration": NETWORK}
    mixed.run("f")
    mixed.run("g", **how)
    for name, definition, more in (("a", "f", {}), ("b", "g", how), ("c", "g", how)):
        mixed.ecs("CreateService", serviceName=name, taskDefinition=definition, desiredCount=1,
                  **more)  # fmt: skip
    mixed.settle()
    mixed.began("g")
    mixed.ecs("DeleteService", service="c", force=True)
    shown = cluster(mixed, "STATISTICS")
    assert {s["name"]: s["value"] for s in shown["statistics"]} == {
        "runningEC2TasksCount": "0",
        "runningFargateTasksCount": "1",
        "pendingEC2TasksCount": "2",
        "pendingFargateTasksCount": "2",
        "activeEC2ServiceCount": "1",
        "activeFargateServiceCount": "1",
        "drainingEC2ServiceCount": "0",
        "drainingFargateServiceCount": "1",
    }
    assert shown["activeServicesCount"] == 2
    assert (shown["runningTasksCount"], shown["pendingTasksCount"]) == (1, 4)


def test_what_is_not_asked_for_is_not_told(world: EcsWorld) -> None:
    logging = {"executeCommandConfiguration": {"logging": "DEFAULT"}}
    world.ecs("UpdateCluster", cluster="default", configuration=logging)
    world.ecs("PutClusterCapacityProviders", cluster="default", capacityProviders=["FARGATE"],
              defaultCapacityProviderStrategy=[])  # fmt: skip
    shown = cluster(world)
    assert (shown["statistics"], shown["settings"], shown["tags"]) == ([], [], [])
    assert not {"configuration", "attachments", "attachmentsStatus"} & shown.keys()
    assert cluster(world, "CONFIGURATIONS")["configuration"] == logging
    assert cluster(world, "SETTINGS")["settings"][0]["name"] == "containerInsights"
    assert cluster(world, "ATTACHMENTS")["attachmentsStatus"] == "UPDATE_COMPLETE"


def test_a_fargate_service_tells_its_platform(mixed: EcsWorld) -> None:
    made = mixed.ecs("CreateService", serviceName="s", taskDefinition="g", desiredCount=0,
                     launchType="FARGATE", networkConfiguration=NETWORK)["service"]  # fmt: skip
    assert (made["platformVersion"], made["platformFamily"]) == ("LATEST", "Linux")
    assert made["deployments"][0]["platformVersion"] == "1.4.0"
    assert made["createdBy"] == "arn:aws:iam::000000000000:root"
    assert made["deploymentConfiguration"]["deploymentCircuitBreaker"] == {
        "enable": False,
        "rollback": False,
    }


@pytest.mark.parametrize(
    "more",
    [
        {"deploymentController": {"type": "CODE_DEPLOY"}},
        {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}},
    ],
)
def test_deployments_that_owari_does_not_make_are_refused(
    mixed: EcsWorld, more: dict[str, Any]
) -> None:
    with pytest.raises(ServiceError, match="NotImplemented") as refused:
        mixed.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=1, **more)
    assert refused.value.status == 501


def test_where_a_containers_ports_are(world: EcsWorld) -> None:
    ports = [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 53, "protocol": "udp"}]
    world.define("f", container("app", portMappings=ports))
    arn = world.run()
    world.settle(0.1)
    assert world.containers(arn)["app"]["networkBindings"] == []
    world.began("app")
    assert world.containers(arn)["app"]["networkBindings"] == [
        {"bindIP": "127.0.0.1", "containerPort": 80, "hostPort": 80, "protocol": "tcp"},
        {"bindIP": "127.0.0.1", "containerPort": 53, "hostPort": 53, "protocol": "udp"},
    ]
