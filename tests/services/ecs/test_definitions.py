"""Clusters, task definitions and account settings."""

from __future__ import annotations

from typing import Any

import pytest

from owari.errors import ServiceError
from owari.services.ecs.sizes import cpu_units, memory_mib, shares
from tests.services.ecs.support import EcsWorld, container


def efs(**more: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"} | more}]}


def test_a_volume_of_a_file_system_is_the_folder_it_names(world: EcsWorld) -> None:
    mounted = container("app", mountPoints=[{"sourceVolume": "v", "containerPath": "/data"}])
    authorization = {"accessPointId": "fsap-1", "iam": "ENABLED"}
    for more, shared in (
        ({}, "fs-1/"),
        ({"rootDirectory": "/"}, "fs-1/"),
        ({"rootDirectory": "/in/here/"}, "fs-1/in/here"),
        ({"authorizationConfig": authorization, "transitEncryption": "ENABLED"}, "fs-1/"),
    ):
        world.define("f", mounted, **efs(**more))
        world.run()
        world.settle()
        (mount,) = world.spec("app")["mounts"]
        assert (mount["shared"], mount["target"]) == (shared, "/data")


def test_revisions(world: EcsWorld) -> None:
    first, second = world.define("f"), world.define("f", container("app", cpu=10))
    assert first.endswith("task-definition/f:1") and second.endswith("task-definition/f:2")
    shown = world.ecs("DescribeTaskDefinition", taskDefinition="f")["taskDefinition"]
    assert shown["revision"] == 2 and shown["containerDefinitions"][0]["essential"] is True
    assert world.ecs("ListTaskDefinitions")["taskDefinitionArns"] == [first, second]
    descending = world.ecs("ListTaskDefinitions", sort="DESC", maxResults=1)
    assert descending["taskDefinitionArns"] == [second] and "nextToken" in descending
    world.ecs("DeregisterTaskDefinition", taskDefinition=second)
    shown = world.ecs("DescribeTaskDefinition", taskDefinition="f")["taskDefinition"]
    assert shown["revision"] == 1
    with pytest.raises(ServiceError, match="inactive"):
        world.run(second)
    answer = world.ecs("DeleteTaskDefinitions", taskDefinitions=[first, second])
    assert [d["status"] for d in answer["taskDefinitions"]] == ["DELETE_IN_PROGRESS"]
    assert [f["arn"] for f in answer["failures"]] == [first]
    world.ecs("DeregisterTaskDefinition", taskDefinition=first)
    assert world.ecs("ListTaskDefinitionFamilies", status="ACTIVE")["families"] == []
    assert world.ecs("ListTaskDefinitionFamilies")["families"] == ["f"]
    assert world.define("f").endswith("f:3")


@pytest.mark.parametrize(
    ("containers", "more", "words"),
    [
        ([], {}, "Container list cannot be empty"),
        ([{"name": "a", "image": "i"}], {}, "At least one of 'memory'"),
        ([container("a"), container("a")], {}, "must be unique"),
        ([container("a", essential=False)], {}, "essential container"),
        ([container("a", memory=5)], {}, "at least 6 MiB"),
        (
            [container("a", mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}])],
            {},
            "Unknown volume 'v'",
        ),
        ([container("a")], {"volumes": [{"name": "../x"}]}, "Invalid volume name"),
        ([container("a")], efs(fileSystemId="../etc"), "Invalid fileSystemId '../etc'"),
        ([container("a")], efs(fileSystemId="fsap-12"), "Invalid fileSystemId"),
        ([container("a")], efs(rootDirectory="data"), "it must be absolute"),
        ([container("a")], efs(rootDirectory="/../x"), "it must be absolute"),
        ([container("a")], efs(transitEncryptionPort=70_000), "0 to 65535"),
        ([container("a")], efs(authorizationConfig={"iam": "ENABLED"}), "must be ENABLED"),
        (
            [container("a")],
            efs(authorizationConfig={"accessPointId": "fsap-1"}, rootDirectory="/data"),
            "omitted or '/'",
        ),
        (
            [container("a")],
            {"volumes": [efs()["volumes"][0] | {"host": {"sourcePath": "/srv"}}]},
            "only one volume configuration type",
        ),
        ([container("a")], {"cpu": "lots"}, "Invalid 'cpu' setting"),
        ([container("a")], {"requiresCompatibilities": ["FARGATE"]}, "cpu at the task level"),
        (
            [container("a")],
            {"requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "4096"},
            "No Fargate configuration",
        ),
        (
            [container("a")],
            {"requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"},
            "awsvpc",
        ),
        (
            [container("a", dependsOn=[{"containerName": "b", "condition": "START"}])],
            {},
            "does not exist",
        ),
        (
            [
                container("a", dependsOn=[{"containerName": "b", "condition": "START"}]),
                container("b", dependsOn=[{"containerName": "a", "condition": "START"}]),
            ],
            {},
            "cycle",
        ),
        ([container("a", healthCheck={"command": ["x"]})], {}, "CMD or CMD-SHELL"),
        ([container("a", environment=[{"value": "v"}])], {}, "environment: name"),
        (
            [container("a", logConfiguration={"logDriver": "awslogs", "options": {}})],
            {},
            "awslogs-group",
        ),
    ],
)
def test_what_is_refused(world: EcsWorld, containers: Any, more: Any, words: str) -> None:
    with pytest.raises(ServiceError, match="ClientException") as refused:
        world.ecs("RegisterTaskDefinition", family="f", containerDefinitions=containers, **more)
    assert words in refused.value.message


def test_sizes() -> None:
    assert cpu_units(".25 vCPU") == 256 and cpu_units("512") == 512
    assert memory_mib("2 GB") == 2048 and memory_mib("0.5GB") == 512
    one, two = shares([{"cpu": 100, "memory": 100}, {}], 1124, 612)
    assert (one.cpu, one.memory, one.limit) == (100, 100, 100)
    assert (two.cpu, two.memory, two.limit) == (1024, 512, 612)


def test_clusters(world: EcsWorld) -> None:
    tags = [{"key": "a", "value": "b"}]
    made = world.ecs("CreateCluster", clusterName="c", capacityProviders=["FARGATE"], tags=tags)
    arn = made["cluster"]["clusterArn"]
    assert made["cluster"]["status"] == "ACTIVE"
    assert world.ecs("CreateCluster", clusterName="c")["cluster"]["clusterArn"] == arn
    found = world.ecs("DescribeClusters", clusters=["c", "none"], include=["TAGS"])
    assert found["clusters"][0]["tags"] == tags
    assert found["failures"][0]["reason"] == "MISSING"
    strategy = [{"capacityProvider": "FARGATE", "weight": 1}]
    world.ecs(
        "PutClusterCapacityProviders", cluster="c", capacityProviders=["FARGATE"],
        defaultCapacityProviderStrategy=strategy,
    )  # fmt: skip
    page = world.ecs("ListClusters", maxResults=1)
    assert page["clusterArns"] == [arn]
    rest = world.ecs("ListClusters", nextToken=page["nextToken"])
    assert [a.rpartition("/")[2] for a in rest["clusterArns"]] == ["default"]
    assert world.ecs("DeleteCluster", cluster=arn)["cluster"]["status"] == "INACTIVE"
    with pytest.raises(ServiceError, match="ClusterNotFoundException"):
        world.ecs("DeleteCluster", cluster="none")
    with pytest.raises(ServiceError, match="Invalid token"):
        world.ecs("ListClusters", nextToken="x")


def test_settings(world: EcsWorld) -> None:
    world.ecs("PutAccountSetting", name="containerInsights", value="enabled")
    assert world.ecs("ListAccountSettings")["settings"][0]["value"] == "enabled"
    effective = world.ecs("ListAccountSettings", effectiveSettings=True)["settings"]
    assert len(effective) > 5
    world.ecs("DeleteAccountSetting", name="containerInsights")
    assert world.ecs("ListAccountSettings")["settings"] == []
    with pytest.raises(ServiceError, match="InvalidParameterException"):
        world.ecs("PutAccountSetting", name="none", value="x")
