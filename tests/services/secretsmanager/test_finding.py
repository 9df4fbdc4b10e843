"""ListSecrets and BatchGetSecretValue: filters, order, pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.secretsmanager.conftest import Vault

SECRETS = {
    "prod/db": ("Main database", {"team": "blue"}),
    "prod/api": ("The API key", {"team": "red", "tier": "one"}),
    "dev/db": ("another database", {}),
}


@pytest.fixture
def full(vault: Vault) -> Vault:
    for name, (description, tags) in SECRETS.items():
        pairs = [{"Key": k, "Value": v} for k, v in tags.items()]
        vault.make(name, f"value of {name}", Description=description, Tags=pairs)
        vault.world.advance(1)
    return vault


def names(vault: Vault, **asked: Any) -> list[str]:
    """Of all pages."""
    found: list[str] = []
    while True:
        page = vault.call("ListSecrets", **asked)
        found += [one["Name"] for one in page["SecretList"]]
        if "NextToken" not in page:
            return found
        asked["NextToken"] = page["NextToken"]


FOUND: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([{"Key": "name", "Values": ["prod/"]}], ["prod/api", "prod/db"]),
    ([{"Key": "name", "Values": ["Prod/"]}], []),
    ([{"Key": "name", "Values": ["prod/d", "dev"]}], ["dev/db", "prod/db"]),
    ([{"Key": "name", "Values": ["!prod"]}], ["dev/db"]),
    ([{"Key": "description", "Values": ["MAIN"]}], ["prod/db"]),
    ([{"Key": "description", "Values": ["data"]}], ["dev/db", "prod/db"]),
    ([{"Key": "tag-key", "Values": ["t"]}], ["prod/api", "prod/db"]),
    ([{"Key": "tag-key", "Values": ["tier"]}, {"Key": "tag-value", "Values": ["re"]}],
     ["prod/api"]),
    ([{"Key": "tag-value", "Values": ["blue"]}], ["prod/db"]),
    ([{"Key": "all", "Values": ["api red"]}], ["prod/api"]),
    ([{"Key": "primary-region", "Values": ["us-"]}], sorted(SECRETS)),
    ([{"Key": "owning-service", "Values": ["rds"]}], []),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "wanted"), FOUND, ids=lambda one: str(one)[:50])
def test_filters(full: Vault, filters: list[dict[str, Any]], wanted: list[str]) -> None:
    assert sorted(names(full, Filters=filters)) == wanted
    values = full.call("BatchGetSecretValue", Filters=filters)["SecretValues"]
    assert sorted(v["SecretString"] for v in values) == [f"value of {name}" for name in wanted]


def test_order_and_pages(full: Vault) -> None:
    made = list(SECRETS)
    for most in (1, 2, 100):
        assert names(full, MaxResults=most) == made
        assert names(full, MaxResults=most, SortOrder="desc") == made[::-1]
        assert names(full, MaxResults=most, SortBy="name") == sorted(made)
    full.call("UpdateSecret", SecretId="prod/db", Description="x")
    assert names(full, SortBy="last-changed-date")[-1] == "prod/db"
    full.value("prod/api")
    assert names(full, SortBy="last-accessed-date", SortOrder="desc")[0] == "prod/api"
    for bad in ("x", "W10=", "WzFd"):
        assert full.refused("ListSecrets", NextToken=bad)[0] == "InvalidNextTokenException"
    assert full.refused("ListSecrets", Filters=[{"Key": "name"}])[0] == "InvalidParameterException"


def test_what_is_listed(full: Vault) -> None:
    (one,) = full.call("ListSecrets", Filters=[{"Key": "name", "Values": ["dev"]}])["SecretList"]
    (version,) = full.call("ListSecretVersionIds", SecretId="dev/db")["Versions"]
    assert one["SecretVersionsToStages"] == {version["VersionId"]: ["AWSCURRENT"]}
    assert one["Description"] == "another database" and "RotationEnabled" not in one


def test_many_values_at_once(full: Vault) -> None:
    full.call("CreateSecret", Name="empty")
    answer = full.call("BatchGetSecretValue", SecretIdList=["dev/db", "none", "empty"])
    assert [v["Name"] for v in answer["SecretValues"]] == ["dev/db"]
    assert [(e["SecretId"], e["ErrorCode"]) for e in answer["Errors"]] == [
        ("none", "ResourceNotFoundException"), ("empty", "ResourceNotFoundException"),
    ]  # fmt: skip
    assert answer["Errors"][0]["Message"] == "Secrets Manager can't find the specified secret."
    filters = [{"Key": "name", "Values": ["prod", "dev"]}]
    page = full.call("BatchGetSecretValue", Filters=filters, MaxResults=2)
    rest = full.call("BatchGetSecretValue", Filters=filters, NextToken=page["NextToken"])
    assert [v["Name"] for v in page["SecretValues"] + rest["SecretValues"]] == list(SECRETS)
    for asked in ({}, {"SecretIdList": ["dev/db"], "Filters": filters}):
        code, message = full.refused("BatchGetSecretValue", **asked)
        assert code == "InvalidParameterException"
        assert message == "Either 'SecretIdList' or 'Filters' must be provided, but not both."
    code, _ = full.refused("BatchGetSecretValue", SecretIdList=["dev/db"], MaxResults=1)
    assert code == "InvalidParameterException"
