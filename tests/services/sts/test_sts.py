from __future__ import annotations

from typing import Any

import pytest

from owari.services.iam.core import access_key_id
from owari.services.sts.core import account_of_key
from tests.services.iam.asking import refused, role
from tests.support.world import START, World

ROLE = "arn:aws:iam::000000000000:role/film/r"
SESSION = "arn:aws:sts::000000000000:assumed-role/r/me"


def assumed(world: World, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = world.call(
        "sts", "AssumeRole", RoleArn=ROLE, RoleSessionName="me", **params
    )
    return found


def who(world: World, principal: str, account: str = "000000000000") -> dict[str, str]:
    found: dict[str, str] = world.call(
        "sts", "GetCallerIdentity", principal=principal, account=account
    )
    return found


def test_who_calls(world: World) -> None:
    made = role(world, "r", Path="/film/")
    user = world.call("iam", "CreateUser", UserName="ann")["User"]
    root = "arn:aws:iam::111122223333:root"
    assert who(world, root, "111122223333") == {
        "UserId": "111122223333", "Account": "111122223333", "Arn": root,
    }  # fmt: skip
    assert who(world, user["Arn"])["UserId"] == user["UserId"]
    assert who(world, SESSION) == {
        "UserId": f"{made['RoleId']}:me", "Account": "000000000000", "Arn": SESSION,
    }  # fmt: skip
    unrecorded = SESSION.replace("/r/", "/never-made/")
    assert who(world, unrecorded)["UserId"] == who(world, unrecorded)["UserId"]
    assert who(world, unrecorded)["UserId"].startswith("AROA")


def test_an_assumed_role_gets_credentials_that_are_verified_and_expire(world: World) -> None:
    role_id = role(world, "r", Path="/film/")["RoleId"]
    answer = assumed(world, DurationSeconds=900, SourceIdentity="ann")
    assert answer["AssumedRoleUser"] == {"AssumedRoleId": f"{role_id}:me", "Arn": SESSION}
    assert answer["SourceIdentity"] == "ann"
    made = answer["Credentials"]
    assert made["AccessKeyId"].startswith("ASIA") and made["Expiration"] == START + 900
    session = world.kernel.issuer.verify(made["AccessKeyId"], made["SessionToken"])
    assert session is not None
    assert (session.account, session.arn, session.expires, session.secret_key) == (
        "000000000000", SESSION, START + 900, made["SecretAccessKey"],
    )  # fmt: skip


def test_durations(world: World) -> None:
    assert assumed(world)["Credentials"]["Expiration"] == START + 3600
    role(world, "r")
    too_long = refused(
        world, "AssumeRole", "sts", RoleArn=ROLE, RoleSessionName="me", DurationSeconds=3601
    )
    assert too_long[0] == "ValidationError" and "MaxSessionDuration" in too_long[1]
    chained = refused(
        world, "AssumeRole", "sts", principal=SESSION, RoleArn=ROLE, RoleSessionName="me",
        DurationSeconds=3601,
    )  # fmt: skip
    assert "role chaining" in chained[1]


@pytest.mark.parametrize(
    "arn",
    ["arn:aws:iam::000000000000:user/ann", "arn:aws:iam::1:role/r", "x" * 20, ROLE[:31] + "role/"],
)
def test_what_is_no_role(world: World, arn: str) -> None:
    params = {"RoleArn": arn, "RoleSessionName": "me"}
    assert refused(world, "AssumeRole", "sts", **params) == (
        "ValidationError",
        f"{arn} is invalid",
    )


def test_session_policies_must_be_json(world: World) -> None:
    params = {"RoleArn": ROLE, "RoleSessionName": "me", "Policy": "{"}
    assert refused(world, "AssumeRole", "sts", **params)[0] == "MalformedPolicyDocument"
    assert assumed(world, Policy="{}")["PackedPolicySize"] >= 1


def test_session_tokens_keep_who_asked(world: World) -> None:
    user = world.call("iam", "CreateUser", UserName="ann")["User"]["Arn"]
    made = world.call("sts", "GetSessionToken", principal=user)["Credentials"]
    session = world.kernel.issuer.verify(made["AccessKeyId"], made["SessionToken"])
    assert session is not None and session.arn == user
    assert made["Expiration"] == START + 43_200
    root = world.call("sts", "GetSessionToken", DurationSeconds=7200)["Credentials"]
    assert root["Expiration"] == START + 3600
    assert refused(world, "GetSessionToken", "sts", principal=SESSION) == (
        "AccessDenied",
        "Cannot call GetSessionToken with session credentials",
    )


def test_federated_users(world: World) -> None:
    answer = world.call("sts", "GetFederationToken", Name="eve", DurationSeconds=900)
    arn = "arn:aws:sts::000000000000:federated-user/eve"
    assert answer["FederatedUser"] == {"FederatedUserId": "000000000000:eve", "Arn": arn}
    assert who(world, arn)["UserId"] == "000000000000:eve"


@pytest.mark.parametrize("account", ["000000000000", "123456789012", "999999999999"])
def test_key_ids_hold_their_account(account: str) -> None:
    assert account_of_key(access_key_id(account, lambda bits: (1 << bits) - 1)) == account


@pytest.mark.parametrize("key", ["AKIA1111111111111111", "AKIA", "AKIAaaaaaaaaaaaaaaaa", "x" * 16])
def test_what_is_no_key_id(world: World, key: str) -> None:
    assert refused(world, "GetAccessKeyInfo", "sts", AccessKeyId=key)[0] == "ValidationError"
