from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest

from tests.services.iam.asking import DOCUMENT, TRUST, refused, role
from tests.support.world import START, World


def test_a_role_is_recorded_and_returned(world: World) -> None:
    boundary = "arn:aws:iam::000000000000:policy/limits"
    made = role(
        world, "Maker", Path="/batch/", Description="makes", MaxSessionDuration=7200,
        PermissionsBoundary=boundary, Tags=[{"Key": "team", "Value": "film"}],
    )  # fmt: skip
    assert re.fullmatch(r"AROA[A-Z2-7]{17}", made["RoleId"])
    assert made["Arn"] == "arn:aws:iam::000000000000:role/batch/Maker"
    shown = world.call("iam", "GetRole", RoleName="maker")["Role"]
    assert json.loads(unquote(shown.pop("AssumeRolePolicyDocument"))) == json.loads(TRUST)
    assert shown == {
        "Path": "/batch/",
        "RoleName": "Maker",
        "RoleId": made["RoleId"],
        "Arn": made["Arn"],
        "CreateDate": START,
        "Description": "makes",
        "MaxSessionDuration": 7200,
        "PermissionsBoundary": {
            "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
            "PermissionsBoundaryArn": boundary,
        },
        "Tags": [{"Key": "team", "Value": "film"}],
        "RoleLastUsed": {},
    }


def test_a_role_is_changed(world: World) -> None:
    role(world)
    world.call("iam", "UpdateRole", RoleName="r", Description="d", MaxSessionDuration=3600)
    other = TRUST.replace("lambda", "batch")
    world.call("iam", "UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=other)
    world.call("iam", "PutRolePermissionsBoundary", RoleName="r", PermissionsBoundary="a" * 20)
    world.call("iam", "DeleteRolePermissionsBoundary", RoleName="r")
    shown = world.call("iam", "GetRole", RoleName="r")["Role"]
    assert unquote(shown["AssumeRolePolicyDocument"]) == other
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("d", 3600)
    assert "PermissionsBoundary" not in shown


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        ("GetRole", {"RoleName": "x"}, "NoSuchEntity", "The role with name x cannot be found."),
        ("DeleteRole", {"RoleName": "x"}, "NoSuchEntity", "The role with name x cannot be found."),
        (
            "CreateRole",
            {"RoleName": "R", "AssumeRolePolicyDocument": TRUST},
            "EntityAlreadyExists",
            "Role with name R already exists.",
        ),
        (
            "CreateRole",
            {"RoleName": "n", "AssumeRolePolicyDocument": "nope"},
            "MalformedPolicyDocument",
            "This policy contains invalid Json",
        ),
        (
            "CreateRole",
            {"RoleName": "n", "AssumeRolePolicyDocument": DOCUMENT},
            "MalformedPolicyDocument",
            "Has prohibited field Resource",
        ),
        (
            "PutRolePolicy",
            {"RoleName": "r", "PolicyName": "p", "PolicyDocument": "[" * 100_000},
            "MalformedPolicyDocument",
            "Syntax errors in policy.",
        ),
        (
            "PutRolePolicy",
            {"RoleName": "r", "PolicyName": "p", "PolicyDocument": TRUST},
            "MalformedPolicyDocument",
            "Policy document should not specify a principal.",
        ),
        (
            "GetRolePolicy",
            {"RoleName": "r", "PolicyName": "p"},
            "NoSuchEntity",
            "The role policy with name p cannot be found.",
        ),
        (
            "AttachRolePolicy",
            {"RoleName": "r", "PolicyArn": "arn:aws:iam::000000000000:policy/x"},
            "NoSuchEntity",
            "Policy arn:aws:iam::000000000000:policy/x does not exist or is not attachable.",
        ),
        (
            "DetachRolePolicy",
            {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/x"},
            "NoSuchEntity",
            "Policy arn:aws:iam::aws:policy/x was not found.",
        ),
    ],
)
def test_refusals(
    world: World, operation: str, params: dict[str, Any], code: str, message: str
) -> None:
    role(world)
    assert refused(world, operation, **params) == (code, message)


def test_a_role_in_use_is_not_deleted(world: World) -> None:
    role(world)
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    world.call("iam", "AttachRolePolicy", RoleName="r", PolicyArn=basic)
    world.call("iam", "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=DOCUMENT)
    world.call("iam", "CreateInstanceProfile", InstanceProfileName="i")
    world.call("iam", "AddRoleToInstanceProfile", InstanceProfileName="i", RoleName="r")
    assert world.call("iam", "ListAttachedRolePolicies", RoleName="r")["AttachedPolicies"] == [
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": basic}
    ]
    assert "remove roles from instance profile" in refused(world, "DeleteRole", RoleName="r")[1]
    profiles = world.call("iam", "ListInstanceProfilesForRole", RoleName="r")["InstanceProfiles"]
    assert [p["Roles"][0]["RoleName"] for p in profiles] == ["r"]
    assert refused(world, "DeleteInstanceProfile", InstanceProfileName="i")[0] == "DeleteConflict"
    world.call("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName="i", RoleName="r")
    world.call("iam", "DeleteInstanceProfile", InstanceProfileName="i")
    assert "must detach all policies" in refused(world, "DeleteRole", RoleName="r")[1]
    world.call("iam", "DetachRolePolicy", RoleName="r", PolicyArn=basic)
    assert "must delete policies first" in refused(world, "DeleteRole", RoleName="r")[1]
    document = world.call("iam", "GetRolePolicy", RoleName="r", PolicyName="p")["PolicyDocument"]
    assert unquote(document) == DOCUMENT
    world.call("iam", "DeleteRolePolicy", RoleName="r", PolicyName="p")
    world.call("iam", "DeleteRole", RoleName="r")
    assert world.call("iam", "ListRoles")["Roles"] == []


def test_ten_policies_may_be_attached(world: World) -> None:
    role(world)
    for n in (*range(10), 9):
        arn = f"arn:aws:iam::aws:policy/p{n}"
        world.call("iam", "AttachRolePolicy", RoleName="r", PolicyArn=arn)
    one_more = "arn:aws:iam::aws:policy/p10"
    assert refused(world, "AttachRolePolicy", RoleName="r", PolicyArn=one_more) == (
        "LimitExceeded",
        "Cannot exceed quota for PoliciesPerRole: 10",
    )


def test_lists_are_paged_and_filtered_by_path(world: World) -> None:
    for n in range(5):
        role(world, f"r{n}", Path="/a/" if n % 2 else "/b/")
    first = world.call("iam", "ListRoles", MaxItems=3)
    assert first["IsTruncated"] and len(first["Roles"]) == 3
    rest = world.call("iam", "ListRoles", MaxItems=3, Marker=first["Marker"])
    assert [r["RoleName"] for r in rest["Roles"]] == ["r3", "r4"] and not rest["IsTruncated"]
    found = world.call("iam", "ListRoles", PathPrefix="/a/")["Roles"]
    assert [r["RoleName"] for r in found] == ["r1", "r3"]
    assert refused(world, "ListRoles", Marker="é")[0] == "ValidationError"


def test_accounts_do_not_see_one_another(world: World) -> None:
    role(world)
    assert world.call("iam", "ListRoles", account="111122223333")["Roles"] == []


def test_tags_of_a_role(world: World) -> None:
    role(world)
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    world.call("iam", "TagRole", RoleName="r", Tags=tags)
    world.call("iam", "UntagRole", RoleName="r", TagKeys=["a"])
    assert world.call("iam", "ListRoleTags", RoleName="r")["Tags"] == [tags[1]]
    many = [{"Key": str(n), "Value": ""} for n in range(50)]
    assert refused(world, "TagRole", RoleName="r", Tags=many)[0] == "LimitExceeded"
    twice = [{"Key": "k", "Value": "1"}, {"Key": "K", "Value": "2"}]
    assert refused(world, "TagRole", RoleName="r", Tags=twice)[0] == "InvalidInput"


def test_service_linked_roles(world: World) -> None:
    made = world.call("iam", "CreateServiceLinkedRole", AWSServiceName="batch.amazonaws.com")[
        "Role"
    ]
    assert made["Arn"] == (
        "arn:aws:iam::000000000000:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
    )
    for service in ("batch.amazonaws.com", "tea.amazonaws.com"):
        again = refused(world, "CreateServiceLinkedRole", AWSServiceName=service)
        assert again[0] == "InvalidInput"
