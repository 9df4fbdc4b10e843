"""What roles, users, groups, profiles and policies have in common, tried on each of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from tests.services.iam.asking import DOCUMENT, refused, role
from tests.support.world import World


@pytest.fixture
def world_of_each(world: World) -> World:
    role(world, "x")
    world.call("iam", "CreateUser", UserName="x")
    world.call("iam", "CreateGroup", GroupName="x")
    world.call("iam", "CreateInstanceProfile", InstanceProfileName="x")
    world.call("iam", "CreatePolicy", PolicyName="x", PolicyDocument=DOCUMENT)
    return world


@pytest.mark.parametrize("word", ["Role", "User", "Group"])
def test_policies_within_and_attached(world_of_each: World, word: str) -> None:
    def call(operation: str, **params: Any) -> dict[str, Any]:
        found: dict[str, Any] = world_of_each.call(
            "iam", operation, **{f"{word}Name": "x"}, **params
        )
        return found

    managed = {"PolicyArn": "arn:aws:iam::000000000000:policy/x"}
    call(f"Put{word}Policy", PolicyName="p", PolicyDocument=DOCUMENT)
    assert call(f"List{word}Policies") == {"PolicyNames": ["p"], "IsTruncated": False}
    shown = call(f"Get{word}Policy", PolicyName="p")
    assert (shown[f"{word}Name"], unquote(shown["PolicyDocument"])) == ("x", DOCUMENT)
    call(f"Attach{word}Policy", **managed)
    assert call(f"ListAttached{word}Policies")["AttachedPolicies"] == [
        {"PolicyName": "x", **managed}
    ]
    assert call(f"ListAttached{word}Policies", PathPrefix="/other/")["AttachedPolicies"] == []
    assert refused(world_of_each, f"Delete{word}", **{f"{word}Name": "x"})[0] == "DeleteConflict"
    call(f"Detach{word}Policy", **managed)
    call(f"Delete{word}Policy", PolicyName="p")
    call(f"Delete{word}")
    assert world_of_each.call("iam", f"List{word}s")[f"{word}s"] == []


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("User", {"UserName": "x"}),
        ("InstanceProfile", {"InstanceProfileName": "x"}),
        ("Policy", {"PolicyArn": "arn:aws:iam::000000000000:policy/x"}),
    ],
)
def test_tags(world_of_each: World, word: str, name: dict[str, str]) -> None:
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    world_of_each.call("iam", f"Tag{word}", **name, Tags=tags)
    assert world_of_each.call("iam", f"Get{word}", **name)[word]["Tags"] == tags
    world_of_each.call("iam", f"Untag{word}", **name, TagKeys=["a"])
    assert world_of_each.call("iam", f"List{word}Tags", **name)["Tags"] == tags[1:]


def test_boundaries_of_a_user_and_a_description(world_of_each: World) -> None:
    boundary = "arn:aws:iam::000000000000:policy/x"
    put = {"UserName": "x", "PermissionsBoundary": boundary}
    world_of_each.call("iam", "PutUserPermissionsBoundary", **put)
    user = world_of_each.call("iam", "GetUser", UserName="x")["User"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    world_of_each.call("iam", "DeleteUserPermissionsBoundary", UserName="x")
    assert "PermissionsBoundary" not in world_of_each.call("iam", "GetUser", UserName="x")["User"]
    changed = world_of_each.call("iam", "UpdateRoleDescription", RoleName="x", Description="d")
    assert changed["Role"]["Description"] == "d"
    profiles = world_of_each.call("iam", "ListInstanceProfiles")["InstanceProfiles"]
    assert [profile["InstanceProfileName"] for profile in profiles] == ["x"]
