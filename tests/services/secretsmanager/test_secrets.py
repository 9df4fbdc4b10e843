"""Secrets made, read, changed: versions and their staging labels."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.services.secretsmanager.conftest import HERE, Vault, token
from tests.support.world import START

MISSING = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
DAY = 86_400.0


def test_a_secret_is_as_it_was_made(vault: Vault) -> None:
    tags = [{"Key": "k", "Value": "v"}]
    made = vault.call(
        "CreateSecret", Name="prod/db", SecretString="pw", Description="d", KmsKeyId="alias/k",
        Tags=tags, ClientRequestToken=token(1),
    )  # fmt: skip
    arn = made["ARN"]
    assert re.fullmatch(f"arn:aws:secretsmanager:{HERE}:secret:prod/db-[A-Za-z0-9]{{6}}", arn)
    assert made == {"ARN": arn, "Name": "prod/db", "VersionId": token(1)}
    value = {
        "ARN": arn, "Name": "prod/db", "VersionId": token(1), "SecretString": "pw",
        "VersionStages": ["AWSCURRENT"], "CreatedDate": START,
    }  # fmt: skip
    for id in ("prod/db", arn, arn[:-7]):
        assert vault.call("GetSecretValue", SecretId=id) == value
    assert vault.call("DescribeSecret", SecretId=arn) == {
        "ARN": arn, "Name": "prod/db", "Description": "d", "KmsKeyId": "alias/k", "Tags": tags,
        "CreatedDate": START, "LastChangedDate": START, "LastAccessedDate": START,
        "VersionIdsToStages": {token(1): ["AWSCURRENT"]},
    }  # fmt: skip


def test_what_is_not_there(vault: Vault) -> None:
    arn = vault.make()
    other = arn.replace(HERE, "us-east-1:123456789012")
    for id in ("none", f"{arn[:-1]}?", other, "arn:aws:s3:::s"):
        assert vault.refused("GetSecretValue", SecretId=id) == MISSING
    for operation in ("DescribeSecret", "DeleteSecret", "RestoreSecret", "ListSecretVersionIds"):
        assert vault.refused(operation, SecretId="none") == MISSING


def test_a_secret_without_a_value_has_no_version(vault: Vault) -> None:
    assert vault.call("CreateSecret", Name="s").keys() == {"ARN", "Name"}
    assert vault.refused("GetSecretValue", SecretId="s") == (
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    )
    vault.call("PutSecretValue", SecretId="s", SecretString="v", VersionStages=["mine"])
    assert set(vault.stages()) == {"AWSCURRENT", "mine"}


def test_binary_secrets(vault: Vault) -> None:
    vault.call("CreateSecret", Name="b", SecretBinary=b"\x00\xff")
    found = vault.call("GetSecretValue", SecretId="b")
    assert found["SecretBinary"] == b"\x00\xff" and "SecretString" not in found


def test_the_same_token_is_the_same_version(vault: Vault) -> None:
    vault.make(ClientRequestToken=token(1))
    assert vault.make(ClientRequestToken=token(1)) == vault.make(ClientRequestToken=token(1))
    code, message = vault.refused("CreateSecret", Name="s", SecretString="w")
    assert (code, message) == (
        "ResourceExistsException", "The operation failed because the secret s already exists.",
    )  # fmt: skip
    put = {"SecretId": "s", "ClientRequestToken": token(2)}
    first = vault.call("PutSecretValue", **put, SecretString="w")
    assert vault.call("PutSecretValue", **put, SecretString="w") == first
    assert first["VersionStages"] == ["AWSCURRENT"]
    for operation in ("PutSecretValue", "UpdateSecret"):
        code, message = vault.refused(operation, **put, SecretString="x")
        assert code == "ResourceExistsException"
        assert message.startswith(f"You can't use ClientRequestToken {token(2)} because that value")
    assert len(vault.call("ListSecretVersionIds", SecretId="s")["Versions"]) == 2


def test_current_leaves_previous_behind(vault: Vault) -> None:
    vault.make(value="1", ClientRequestToken=token(1))
    for n in (2, 3):
        put = {"SecretId": "s", "SecretString": str(n), "ClientRequestToken": token(n)}
        vault.call("PutSecretValue", **put)
    assert vault.stages() == {"AWSCURRENT": token(3), "AWSPREVIOUS": token(2)}
    assert vault.value() == "3" and vault.value(VersionStage="AWSPREVIOUS") == "2"
    assert vault.value(VersionId=token(1)) == "1"
    assert vault.value(VersionId=token(3), VersionStage="AWSCURRENT") == "3"
    assert vault.refused(
        "GetSecretValue", SecretId="s", VersionId=token(2), VersionStage="AWSCURRENT"
    ) == (
        "InvalidRequestException",
        "You provided a VersionStage that is not associated to the provided VersionId.",
    )
    assert vault.refused("GetSecretValue", SecretId="s", VersionId=token(9)) == (
        "ResourceNotFoundException",
        f"Secrets Manager can't find the specified secret value for VersionId: {token(9)}",
    )
    shown = vault.call("ListSecretVersionIds", SecretId="s")["Versions"]
    assert {v["VersionId"] for v in shown} == {token(2), token(3)}
    shown = vault.call("ListSecretVersionIds", SecretId="s", IncludeDeprecated=True)["Versions"]
    assert {v["VersionId"] for v in shown} == {token(1), token(2), token(3)}


def test_pages_of_versions(vault: Vault) -> None:
    vault.make()
    for n in range(6):
        vault.call("PutSecretValue", SecretId="s", SecretString=str(n))
    asked: dict[str, Any] = {"SecretId": "s", "IncludeDeprecated": True, "MaxResults": 3}
    seen = []
    while True:
        page = vault.call("ListSecretVersionIds", **asked)
        seen += [v["VersionId"] for v in page["Versions"]]
        if "NextToken" not in page:
            break
        asked["NextToken"] = page["NextToken"]
    assert len(seen) == len(set(seen)) == 7
    for bad in ("x", "W10="):
        asked["NextToken"] = bad
        assert vault.refused("ListSecretVersionIds", **asked)[0] == "InvalidNextTokenException"


def test_updating(vault: Vault) -> None:
    vault.make(Description="old")
    assert "VersionId" not in vault.call("UpdateSecret", SecretId="s", Description="new")
    vault.world.advance(5)
    made = vault.call("UpdateSecret", SecretId="s", SecretString="w", KmsKeyId="alias/k")
    assert vault.stages()["AWSCURRENT"] == made["VersionId"]
    found = vault.call("DescribeSecret", SecretId="s")
    assert (found["Description"], found["KmsKeyId"]) == ("new", "alias/k")
    assert found["LastChangedDate"] == START + 5
    vault.call("UpdateSecret", SecretId="s", Description="", KmsKeyId="")
    assert not {"Description", "KmsKeyId"} & vault.call("DescribeSecret", SecretId="s").keys()


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("CreateSecret", {"Name": "a b"}, "ValidationException", "Invalid name. Must be a valid name"),
    ("CreateSecret", {"Name": "n", "SecretString": "a", "SecretBinary": b"b"},
     "InvalidParameterException", "both a binary secret value and a string secret value"),
    ("CreateSecret", {"Name": "n", "SecretString": "é" * 40_000}, "InvalidParameterException",
     "65536"),
    ("CreateSecret", {"Name": "n", "Tags": [{"Key": "aws:x", "Value": ""}]},
     "InvalidParameterException", "aws:"),
    ("CreateSecret", {"Name": "n", "AddReplicaRegions": [{"Region": "eu-west-1"}]},
     "NotImplemented", "CreateSecret with AddReplicaRegions"),
    ("PutSecretValue", {"SecretId": "s"}, "InvalidRequestException",
     "You must provide either SecretString or SecretBinary."),
    ("PutSecretValue", {"SecretId": "s", "SecretString": "x",
                        "VersionStages": [f"l{n}" for n in range(21)]},
     "LimitExceededException", "20"),
    ("TagResource", {"SecretId": "s", "Tags": [{"Key": str(n), "Value": ""} for n in range(51)]},
     "LimitExceededException", "50"),
    ("TagResource", {"SecretId": "s", "Tags": [{"Value": "v"}]}, "InvalidParameterException",
     "key"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "wrong", "code", "words"), BAD)
def test_refused(
    vault: Vault, operation: str, wrong: dict[str, Any], code: str, words: str
) -> None:
    vault.make()
    said, message = vault.refused(operation, **wrong)
    assert said == code and words in message
    assert len(vault.call("ListSecrets")["SecretList"]) == 1


def test_staging_labels_are_moved(vault: Vault) -> None:
    vault.make(value="1", ClientRequestToken=token(1))
    put = {"SecretId": "s", "ClientRequestToken": token(2), "VersionStages": ["AWSPENDING"]}
    vault.call("PutSecretValue", **put, SecretString="2")
    assert vault.stages() == {"AWSCURRENT": token(1), "AWSPENDING": token(2)}
    move = {"SecretId": "s", "VersionStage": "AWSCURRENT", "MoveToVersionId": token(2)}
    assert vault.refused("UpdateSecretVersionStage", **move) == (
        "InvalidParameterException",
        f"The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently"
        f" attached to version {token(1)}, so you must explicitly reference that version in"
        " RemoveFromVersionId.",
    )
    vault.call("UpdateSecretVersionStage", **move, RemoveFromVersionId=token(1))
    assert vault.stages() == {
        "AWSCURRENT": token(2), "AWSPENDING": token(2), "AWSPREVIOUS": token(1),
    }  # fmt: skip
    away = {"SecretId": "s", "RemoveFromVersionId": token(2)}
    vault.call("UpdateSecretVersionStage", **away, VersionStage="AWSPENDING")
    assert "AWSPENDING" not in vault.stages()
    code, message = vault.refused("UpdateSecretVersionStage", **away, VersionStage="AWSCURRENT")
    assert code == "InvalidParameterException" and "completely removed" in message
    code, message = vault.refused("UpdateSecretVersionStage", **away, VersionStage="AWSPENDING")
    assert message == f"Version stage AWSPENDING not found in version {token(2)}"
    move = {"SecretId": "s", "VersionStage": "mine", "MoveToVersionId": token(7)}
    assert vault.refused("UpdateSecretVersionStage", **move) == (
        "InvalidParameterException", f"Not a valid version: {token(7)}",
    )  # fmt: skip


def test_old_versions_without_a_label_go_when_there_are_too_many(vault: Vault) -> None:
    vault.make(value="0")

    def put(times: int) -> None:
        for n in range(times):
            vault.call("PutSecretValue", SecretId="s", SecretString=str(n))

    def kept() -> int:
        row = vault.world.kernel.reader.execute("SELECT COUNT(*) FROM secretsmanager_version")
        return int(row.fetchone()[0])

    put(119)
    assert kept() == 120, "they are kept for a day"
    vault.world.advance(DAY + 1)
    put(1)
    assert kept() == 100
    assert vault.value() == "0" and vault.value(VersionStage="AWSPREVIOUS") == "118"


def test_the_day_of_the_last_reading_is_noted(vault: Vault) -> None:
    vault.make()
    assert "LastAccessedDate" not in vault.call("DescribeSecret", SecretId="s")
    vault.world.advance(2.5 * DAY)
    vault.value()
    vault.world.advance(0.2 * DAY)
    vault.value()
    assert vault.call("DescribeSecret", SecretId="s")["LastAccessedDate"] == START + 2 * DAY
    (version,) = vault.call("ListSecretVersionIds", SecretId="s")["Versions"]
    assert version["LastAccessedDate"] == START + 2 * DAY
    assert version["KmsKeyIds"] == ["DefaultEncryptionKey"]


# ---- the end
def test_a_secret_can_be_recovered_for_a_while(vault: Vault) -> None:
    arn = vault.make(Tags=[{"Key": "k", "Value": "v"}])
    answer = vault.call("DeleteSecret", SecretId="s", RecoveryWindowInDays=7)
    assert answer == {"ARN": arn, "Name": "s", "DeletionDate": START + 7 * DAY}
    marked = (
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.",
    )
    for operation, more in (
        ("GetSecretValue", {}), ("PutSecretValue", {"SecretString": "x"}), ("UpdateSecret", {}),
        ("TagResource", {"Tags": []}), ("RotateSecret", {}), ("GetResourcePolicy", {}),
    ):  # fmt: skip
        assert vault.refused(operation, SecretId="s", **more) == marked
    code, message = vault.refused("CreateSecret", Name="s")
    assert (code, message) == (
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for"
        " deletion.",
    )
    assert vault.refused("DeleteSecret", SecretId="s")[0] == "InvalidRequestException"
    assert vault.call("DescribeSecret", SecretId="s")["DeletedDate"] == START + 7 * DAY
    assert vault.call("ListSecrets")["SecretList"] == []
    assert len(vault.call("ListSecrets", IncludePlannedDeletion=True)["SecretList"]) == 1
    vault.world.advance(6 * DAY)
    assert vault.call("RestoreSecret", SecretId="s") == {"ARN": arn, "Name": "s"}
    vault.world.advance(60 * DAY)
    assert vault.value() == "v"


def test_a_deleted_secret_is_gone_after_its_window(vault: Vault) -> None:
    first = vault.make()
    vault.call("DeleteSecret", SecretId=first)
    vault.world.crash()
    vault.world.advance(30 * DAY - 1)
    assert "DeletedDate" in vault.call("DescribeSecret", SecretId="s")
    vault.world.advance(2)
    assert vault.refused("DescribeSecret", SecretId="s") == MISSING
    assert vault.make() != first
    assert vault.refused("GetSecretValue", SecretId=f"{first[:-6]}??????") == MISSING


def test_by_force_at_once(vault: Vault) -> None:
    vault.make()
    vault.call("DeleteSecret", SecretId="s", ForceDeleteWithoutRecovery=True)
    assert vault.refused("DescribeSecret", SecretId="s") == MISSING
    again = vault.call("DeleteSecret", SecretId="s", ForceDeleteWithoutRecovery=True)
    assert again["Name"] == "s"
    vault.make()
    vault.call("DeleteSecret", SecretId="s")
    vault.call("DeleteSecret", SecretId="s", ForceDeleteWithoutRecovery=True)
    assert vault.world.effects() == [] and not vault.world.left_behind()


def test_recovery_windows(vault: Vault) -> None:
    vault.make()
    for days in (6, 31):
        assert vault.refused("DeleteSecret", SecretId="s", RecoveryWindowInDays=days) == (
            "InvalidParameterException",
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        )
    both = {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}
    assert vault.refused("DeleteSecret", SecretId="s", **both) == (
        "InvalidParameterException",
        "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    )
