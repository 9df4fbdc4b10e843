"""Repositories, their policies and tags, and the images mapped to them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.errors import ServiceError
from tests.support.server import Server, eventually
from tests.support.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def ecr(world: World, operation: str, /, **params: Any) -> dict[str, Any]:
    return world.call("ecr", operation, **params)


def test_repositories(world: World) -> None:
    made = ecr(world, "CreateRepository", repositoryName="team/sim")["repository"]
    assert made["repositoryUri"] == "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/sim"
    assert made["repositoryArn"] == "arn:aws:ecr:us-east-1:000000000000:repository/team/sim"
    assert made["imageTagMutability"] == "MUTABLE"
    with pytest.raises(ServiceError, match="RepositoryAlreadyExistsException"):
        ecr(world, "CreateRepository", repositoryName="team/sim")
    for wrong in ("Team", "a", "-a", "a//b"):
        with pytest.raises(ServiceError, match="InvalidParameterException"):
            ecr(world, "CreateRepository", repositoryName=wrong)
    ecr(world, "CreateRepository", repositoryName="aa", imageTagMutability="IMMUTABLE")
    page = ecr(world, "DescribeRepositories", maxResults=1)
    assert [r["repositoryName"] for r in page["repositories"]] == ["aa"]
    rest = ecr(world, "DescribeRepositories", nextToken=page["nextToken"])
    assert [r["repositoryName"] for r in rest["repositories"]] == ["team/sim"]
    ecr(world, "DeleteRepository", repositoryName="team/sim")
    for operation in ("DeleteRepository", "ListImages", "GetLifecyclePolicy"):
        with pytest.raises(ServiceError, match="RepositoryNotFoundException"):
            ecr(world, operation, repositoryName="team/sim")
    with pytest.raises(ServiceError, match="RepositoryNotFoundException"):
        ecr(world, "DescribeRepositories", repositoryNames=["team/sim"])


def test_policies_and_settings(world: World) -> None:
    r = {"repositoryName": "repo"}
    ecr(world, "CreateRepository", **r)
    with pytest.raises(ServiceError, match="LifecyclePolicyNotFoundException"):
        ecr(world, "GetLifecyclePolicy", **r)
    with pytest.raises(ServiceError, match="RepositoryPolicyNotFoundException"):
        ecr(world, "GetRepositoryPolicy", **r)
    with pytest.raises(ServiceError, match="not valid JSON"):
        ecr(world, "PutLifecyclePolicy", lifecyclePolicyText="{", **r)
    ecr(world, "PutLifecyclePolicy", lifecyclePolicyText='{"rules":[]}', **r)
    assert ecr(world, "GetLifecyclePolicy", **r)["lifecyclePolicyText"] == '{"rules":[]}'
    ecr(world, "DeleteLifecyclePolicy", **r)
    ecr(world, "SetRepositoryPolicy", policyText="{}", **r)
    assert ecr(world, "GetRepositoryPolicy", **r)["policyText"] == "{}"
    ecr(world, "DeleteRepositoryPolicy", **r)
    scanning = {"scanOnPush": True}
    ecr(world, "PutImageScanningConfiguration", imageScanningConfiguration=scanning, **r)
    ecr(world, "PutImageTagMutability", imageTagMutability="IMMUTABLE", **r)
    (shown,) = ecr(world, "DescribeRepositories")["repositories"]
    assert shown["imageScanningConfiguration"] == scanning
    assert shown["imageTagMutability"] == "IMMUTABLE"


def test_tags(world: World) -> None:
    made = ecr(world, "CreateRepository", repositoryName="repo", tags=[{"Key": "a", "Value": "b"}])
    arn = made["repository"]["repositoryArn"]
    ecr(world, "TagResource", resourceArn=arn, tags=[{"Key": "c", "Value": "d"}])
    ecr(world, "UntagResource", resourceArn=arn, tagKeys=["a"])
    found = ecr(world, "ListTagsForResource", resourceArn=arn)["tags"]
    assert found == [{"Key": "c", "Value": "d"}]
    with pytest.raises(ServiceError, match="RepositoryNotFoundException"):
        ecr(world, "ListTagsForResource", resourceArn=arn + "x")


def test_images_are_those_that_are_mapped(world: World) -> None:
    r = {"repositoryName": "team/sim"}
    ecr(world, "CreateRepository", **r)
    assert ecr(world, "ListImages", **r) == {"imageIds": []}
    uri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/sim"
    other = "111111111111.dkr.ecr.us-east-1.amazonaws.com/team/sim"
    names = (f"{uri}:1", "team/sim", f"{other}:9", "sim:1")
    entries = {name: {"kind": "host"} for name in names}
    (world.config.data / "images.json").write_text(json.dumps(entries))
    found = ecr(world, "DescribeImages", **r)["imageDetails"]
    assert sorted(d["imageTags"][0] for d in found) == ["1", "latest"]
    one = ecr(world, "DescribeImages", imageIds=[{"imageTag": "1"}], **r)["imageDetails"]
    assert [d["imageTags"] for d in one] == [["1"]]
    with pytest.raises(ServiceError, match="ImageNotFoundException"):
        ecr(world, "DescribeImages", imageIds=[{"imageTag": "2"}], **r)
    with pytest.raises(ServiceError, match="RepositoryNotEmptyException"):
        ecr(world, "DeleteRepository", **r)
    ecr(world, "DeleteRepository", force=True, **r)


def test_the_token_is_a_user_and_a_password(world: World) -> None:
    (data,) = ecr(world, "GetAuthorizationToken")["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    assert user == "AWS" and password
    assert data["proxyEndpoint"] == "https://000000000000.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.acceptance
def test_a_task_with_an_image_of_a_repository(tmp_path: Path) -> None:
    """Its URI is resolved by the same mapping as every image."""
    with Server(tmp_path / "data") as server:
        made = server.client("ecr").create_repository(repositoryName="sim")
        uri = made["repository"]["repositoryUri"]
        (tmp_path / "data" / "images.json").write_text(json.dumps({"sim": {"kind": "host"}}))
        assert server.client("ecr").list_images(repositoryName="sim")["imageIds"]
        ecs = server.client("ecs")
        ecs.create_cluster()
        container = {"name": "a", "image": f"{uri}:latest", "memory": 64}
        ecs.register_task_definition(
            family="f", containerDefinitions=[container | {"command": ["sh", "-c", "exit 5"]}]
        )
        arn = ecs.run_task(taskDefinition="f")["tasks"][0]["taskArn"]

        def code() -> int | None:
            (task,) = ecs.describe_tasks(tasks=[arn])["tasks"]
            found: int | None = task["containers"][0].get("exitCode")
            return found

        assert eventually(code) == 5
