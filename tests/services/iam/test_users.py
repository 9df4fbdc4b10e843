from __future__ import annotations

import re
from typing import Any

from owari.kernel import Context, Work
from owari.services.iam.keys import Owner, lookup
from owari.store.tx import Tx
from tests.services.iam.asking import DOCUMENT, refused
from tests.support.world import World


def looked_up(world: World, access_key: str) -> Owner | None:
    found: list[Any] = []
    context = Context("000000000000", "us-east-1", "", "r", "t")

    def body(tx: Tx) -> Owner | None:
        return lookup(tx, access_key)

    world.kernel.read(Work(context, body, lambda result, error: found.append(result)))
    owner: Owner | None = found[0]
    return owner


def test_access_keys_are_real_and_belong_to_a_user(world: World) -> None:
    user = world.call("iam", "CreateUser", UserName="ann", Path="/staff/")["User"]
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", user["UserId"])
    key = world.call("iam", "CreateAccessKey", UserName="ann")["AccessKey"]
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", key["AccessKeyId"])
    assert len(key["SecretAccessKey"]) == 40
    owner = Owner("000000000000", user["Arn"], key["SecretAccessKey"])
    assert looked_up(world, key["AccessKeyId"]) == owner
    assert world.call("sts", "GetAccessKeyInfo", AccessKeyId=key["AccessKeyId"]) == {
        "Account": "000000000000"
    }
    other = world.call("iam", "CreateAccessKey", UserName="ann")["AccessKey"]
    assert other["SecretAccessKey"] != key["SecretAccessKey"]
    assert refused(world, "CreateAccessKey", UserName="ann") == (
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )
    change = {"AccessKeyId": key["AccessKeyId"], "UserName": "ann"}
    world.call("iam", "UpdateAccessKey", Status="Inactive", **change)
    assert looked_up(world, key["AccessKeyId"]) is None
    listed = world.call("iam", "ListAccessKeys", UserName="ann")["AccessKeyMetadata"]
    assert {k["AccessKeyId"]: k["Status"] for k in listed} == {
        key["AccessKeyId"]: "Inactive",
        other["AccessKeyId"]: "Active",
    }
    assert "delete access keys first" in refused(world, "DeleteUser", UserName="ann")[1]
    world.call("iam", "DeleteAccessKey", **change)
    assert refused(world, "DeleteAccessKey", **change)[0] == "NoSuchEntity"


def test_the_caller_is_a_user_too(world: World) -> None:
    arn = world.call("iam", "CreateUser", UserName="ann")["User"]["Arn"]
    assert world.call("iam", "GetUser", principal=arn)["User"]["UserName"] == "ann"
    assert world.call("iam", "GetUser")["User"]["Arn"] == "arn:aws:iam::000000000000:root"
    key = world.call("iam", "CreateAccessKey", principal=arn)["AccessKey"]
    assert key["UserName"] == "ann"
    session = "arn:aws:sts::000000000000:assumed-role/r/s"
    assert refused(world, "GetUser", principal=session) == (
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
    )


def test_renaming_takes_everything_along(world: World) -> None:
    world.call("iam", "CreateUser", UserName="ann", Tags=[{"Key": "k", "Value": "v"}])
    world.call("iam", "CreateUser", UserName="bob")
    world.call("iam", "CreateGroup", GroupName="g")
    world.call("iam", "AddUserToGroup", GroupName="g", UserName="ann")
    world.call("iam", "PutUserPolicy", UserName="ann", PolicyName="p", PolicyDocument=DOCUMENT)
    key = world.call("iam", "CreateAccessKey", UserName="ann")["AccessKey"]["AccessKeyId"]
    assert refused(world, "UpdateUser", UserName="ann", NewUserName="Bob")[0] == (
        "EntityAlreadyExists"
    )
    world.call("iam", "UpdateUser", UserName="ann", NewUserName="eve", NewPath="/x/")
    user = world.call("iam", "GetUser", UserName="eve")["User"]
    assert user["Arn"] == "arn:aws:iam::000000000000:user/x/eve"
    assert user["Tags"] == [{"Key": "k", "Value": "v"}]
    owner = looked_up(world, key)
    assert owner is not None and owner.user_arn == user["Arn"]
    assert world.call("iam", "ListUserPolicies", UserName="eve")["PolicyNames"] == ["p"]
    members = world.call("iam", "GetGroup", GroupName="g")["Users"]
    assert [member["UserName"] for member in members] == ["eve"]
    assert refused(world, "GetUser", UserName="ann")[0] == "NoSuchEntity"


def test_groups(world: World) -> None:
    world.call("iam", "CreateUser", UserName="ann")
    world.call("iam", "CreateGroup", GroupName="g")
    assert refused(world, "CreateGroup", GroupName="G")[0] == "EntityAlreadyExists"
    world.call("iam", "AddUserToGroup", GroupName="g", UserName="ann")
    groups = world.call("iam", "ListGroupsForUser", UserName="ann")["Groups"]
    assert [group["GroupName"] for group in groups] == ["g"]
    assert refused(world, "DeleteGroup", GroupName="g")[0] == "DeleteConflict"
    assert refused(world, "DeleteUser", UserName="ann")[0] == "DeleteConflict"
    world.call("iam", "RemoveUserFromGroup", GroupName="g", UserName="ann")
    for operation, params in (("DeleteGroup", {"GroupName": "g"}), ("DeleteUser", {})):
        world.call("iam", operation, **(params or {"UserName": "ann"}))
    assert refused(world, "GetGroup", GroupName="g")[0] == "NoSuchEntity"
