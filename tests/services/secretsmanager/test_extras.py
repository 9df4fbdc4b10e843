"""Passwords, resource policies, tags."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest

from tests.services.secretsmanager.conftest import Vault


def password(vault: Vault, **asked: Any) -> str:
    return str(vault.call("GetRandomPassword", **asked)["RandomPassword"])


def test_passwords(vault: Vault) -> None:
    made = {password(vault) for _ in range(50)}
    assert len(made) == 50 and {len(one) for one in made} == {32}
    for one in made:
        for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
            assert set(one) & set(kind)
        assert set(one) & set(string.punctuation) and " " not in one
    plain = password(vault, PasswordLength=200, ExcludePunctuation=True, ExcludeCharacters="aB3")
    assert set(plain) <= set(string.ascii_letters + string.digits) - set("aB3")
    digits = {"ExcludeLowercase": True, "ExcludeUppercase": True, "ExcludePunctuation": True}
    assert set(password(vault, PasswordLength=500, **digits)) == set(string.digits)
    assert " " in password(vault, PasswordLength=5, IncludeSpace=True)
    short = {password(vault, PasswordLength=1, RequireEachIncludedType=False) for _ in range(50)}
    assert len(short) > 10


def test_passwords_that_cannot_be(vault: Vault) -> None:
    nothing = {"ExcludeCharacters": string.digits, "ExcludeLowercase": True,
               "ExcludeUppercase": True, "ExcludePunctuation": True}  # fmt: skip
    assert vault.refused("GetRandomPassword", **nothing)[0] == "InvalidParameterException"
    assert vault.refused("GetRandomPassword", PasswordLength=3)[0] == "InvalidParameterException"


def policy(**more: Any) -> str:
    one = {
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "secretsmanager:GetSecretValue", "Resource": "*",
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [one | more]})


def test_a_policy_is_kept(vault: Vault) -> None:
    arn = vault.make()
    named = {"ARN": arn, "Name": "s", "PolicyName": "default"}
    assert vault.call("GetResourcePolicy", SecretId="s") == named
    put = {"SecretId": "s", "ResourcePolicy": policy()}
    assert vault.call("PutResourcePolicy", **put, BlockPublicPolicy=True) == named
    assert vault.call("GetResourcePolicy", SecretId="s") == named | {"ResourcePolicy": policy()}
    assert vault.call("DeleteResourcePolicy", SecretId="s") == named
    assert vault.call("GetResourcePolicy", SecretId="s") == named
    code, _ = vault.refused("PutResourcePolicy", **put, PolicyName="other")
    assert code == "InvalidParameterException"


PUBLIC = [{"Principal": "*"}, {"Principal": {"AWS": "*"}}, {"Principal": {"AWS": ["*"]}}]


@pytest.mark.parametrize("principal", PUBLIC)
def test_policies_for_everyone(vault: Vault, principal: dict[str, Any]) -> None:
    vault.make()
    put = {"SecretId": "s", "ResourcePolicy": policy(**principal)}
    assert vault.refused("PutResourcePolicy", **put, BlockPublicPolicy=True)[0] == (
        "PublicPolicyException"
    )
    vault.call("PutResourcePolicy", **put)
    checked = vault.call("ValidateResourcePolicy", ResourcePolicy=put["ResourcePolicy"])
    assert not checked["PolicyValidationPassed"]
    assert checked["ValidationErrors"][0]["CheckName"] == "PublicAccess"
    bound = policy(**principal, Condition={"StringEquals": {"aws:SourceAccount": "1"}})
    assert vault.call("ValidateResourcePolicy", SecretId="s", ResourcePolicy=bound) == {
        "PolicyValidationPassed": True, "ValidationErrors": [],
    }  # fmt: skip


NONE = (
    "nonsense", "{}", '{"Statement": [1]}', policy(Effect="Maybe"),
    '{"Statement": {"Effect": "Allow", "Principal": "*"}}',
)  # fmt: skip


@pytest.mark.parametrize("wrong", NONE)
def test_policies_that_are_none(vault: Vault, wrong: str) -> None:
    vault.make()
    code, _ = vault.refused("PutResourcePolicy", SecretId="s", ResourcePolicy=wrong)
    assert code == "MalformedPolicyDocumentException"
    checked = vault.call("ValidateResourcePolicy", ResourcePolicy=wrong)
    assert not checked["PolicyValidationPassed"]


def test_tags(vault: Vault) -> None:
    vault.make(Tags=[{"Key": "a", "Value": "1"}])
    vault.call("TagResource", SecretId="s", Tags=[{"Key": "b", "Value": "2"}])
    vault.call("UntagResource", SecretId="s", TagKeys=["a", "none"])
    found = vault.call("DescribeSecret", SecretId="s")["Tags"]
    assert found == [{"Key": "b", "Value": "2"}]
