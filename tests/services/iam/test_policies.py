from __future__ import annotations

import re
from urllib.parse import unquote

from tests.services.iam.asking import DOCUMENT, refused, role
from tests.support.world import World


def policy(world: World, name: str = "p") -> str:
    made = world.call("iam", "CreatePolicy", PolicyName=name, PolicyDocument=DOCUMENT, Path="/x/")
    assert re.fullmatch(r"ANPA[A-Z2-7]{17}", made["Policy"]["PolicyId"])
    arn: str = made["Policy"]["Arn"]
    return arn


def test_versions_come_and_go(world: World) -> None:
    arn = policy(world)
    assert arn == "arn:aws:iam::000000000000:policy/x/p"
    second = DOCUMENT.replace("Allow", "Deny")
    made = world.call(
        "iam", "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=second, SetAsDefault=True
    )["PolicyVersion"]
    assert (made["VersionId"], made["IsDefaultVersion"]) == ("v2", True)
    assert world.call("iam", "GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    shown = world.call("iam", "GetPolicyVersion", PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert unquote(shown["Document"]) == second
    listed = world.call("iam", "ListPolicyVersions", PolicyArn=arn)["Versions"]
    assert [v["VersionId"] for v in listed] == ["v2", "v1"]
    delete = {"PolicyArn": arn, "VersionId": "v2"}
    assert refused(world, "DeletePolicyVersion", **delete) == (
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
    )
    assert "more than one version" in refused(world, "DeletePolicy", PolicyArn=arn)[1]
    world.call("iam", "SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v1")
    world.call("iam", "DeletePolicyVersion", **delete)
    again = world.call("iam", "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=second)
    assert again["PolicyVersion"]["VersionId"] == "v3"
    for version in ("v2", "v9", "latest"):
        missing = refused(world, "GetPolicyVersion", PolicyArn=arn, VersionId=version)
        assert missing[0] == "NoSuchEntity"


def test_five_versions_at_most(world: World) -> None:
    arn = policy(world)
    for _ in range(4):
        world.call("iam", "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=DOCUMENT)
    code, message = refused(world, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=DOCUMENT)
    assert code == "LimitExceeded" and "up to 5 versions" in message


def test_attached_policies_are_kept(world: World) -> None:
    arn = policy(world)
    role(world)
    world.call("iam", "CreateUser", UserName="u")
    world.call("iam", "CreateGroup", GroupName="g")
    for word, name in (("Role", "r"), ("User", "u"), ("Group", "g")):
        world.call("iam", f"Attach{word}Policy", **{f"{word}Name": name, "PolicyArn": arn})
    entities = world.call("iam", "ListEntitiesForPolicy", PolicyArn=arn)
    assert [entities[f"Policy{w}s"][0][f"{w}Name"] for w in ("Role", "User", "Group")] == [
        "r", "u", "g",
    ]  # fmt: skip
    assert world.call("iam", "ListPolicies", OnlyAttached=True)["Policies"][0][
        "AttachmentCount"
    ] == 3  # fmt: skip
    assert refused(world, "DeletePolicy", PolicyArn=arn) == (
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
    )
    for word, name in (("Role", "r"), ("User", "u"), ("Group", "g")):
        world.call("iam", f"Detach{word}Policy", **{f"{word}Name": name, "PolicyArn": arn})
    world.call("iam", "DeletePolicy", PolicyArn=arn)
    assert refused(world, "GetPolicy", PolicyArn=arn)[0] == "NoSuchEntity"


def test_names_are_taken_whatever_their_path_or_case(world: World) -> None:
    policy(world)
    params = {"PolicyName": "P", "PolicyDocument": DOCUMENT}
    assert refused(world, "CreatePolicy", **params) == (
        "EntityAlreadyExists",
        "A policy called P already exists. Duplicate names are not allowed.",
    )
    assert refused(world, "GetPolicy", PolicyArn="arn:aws:iam::000000000000:policy/p")[0] == (
        "NoSuchEntity"
    )


def test_what_aws_manages_is_not_pretended_to_be_known(world: World) -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert refused(world, "GetPolicy", PolicyArn=arn)[0] == "NotImplemented"
    assert refused(world, "ListPolicies", Scope="AWS")[0] == "NotImplemented"
