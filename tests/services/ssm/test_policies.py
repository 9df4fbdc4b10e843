"""Policies that are really carried out, and the events that tell of changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.services.ssm.conftest import Store, arn

DAY = 86_400.0
EXPIRES = {
    "Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": "2030-01-11T00:00:00.000Z"},
}  # fmt: skip
WARNS = {
    "Type": "ExpirationNotification", "Version": "1.0",
    "Attributes": {"Before": "3", "Unit": "Days"},
}  # fmt: skip
STALE = {
    "Type": "NoChangeNotification", "Version": "1.0",
    "Attributes": {"After": "48", "Unit": "Hours"},
}  # fmt: skip


def text(*policies: dict[str, Any]) -> str:
    return json.dumps(policies)


class Heard:
    """A queue on the default bus, for everything of `aws.ssm`."""

    def __init__(self, store: Store) -> None:
        self.bus = store.bus
        self.queue = self.bus.queue("heard", MessageRetentionPeriod="1209600")
        self.bus.rule("all", {"source": ["aws.ssm"]}, {"Id": "q", "Arn": self.queue})

    def taken(self) -> list[dict[str, Any]]:
        return list(self.bus.bodies(self.queue))


def test_an_expiration_deletes_the_parameter_whatever_is_killed(store: Store) -> None:
    heard = Heard(store)
    store.put("p", "v", Tier="Advanced", Policies=text(EXPIRES, WARNS, STALE))
    (shown,) = store.call("DescribeParameters")["Parameters"]
    assert [policy["PolicyType"] for policy in shown["Policies"]] == [
        "Expiration", "ExpirationNotification", "NoChangeNotification",
    ]  # fmt: skip
    assert {policy["PolicyStatus"] for policy in shown["Policies"]} == {"Pending"}
    assert json.loads(shown["Policies"][0]["PolicyText"]) == EXPIRES
    store.world.crash()
    store.world.advance(7 * DAY + 1)
    (shown,) = store.call("DescribeParameters")["Parameters"]
    states = [policy["PolicyStatus"] for policy in shown["Policies"]]
    assert states == ["Pending", "Finished", "Finished"]
    store.world.crash()
    store.world.advance(3 * DAY)
    assert store.refused("GetParameter", Name="p")[0] == "ParameterNotFound"
    told = [(e["detail-type"], e["detail"]) for e in heard.taken()]
    assert [detail.get("operation") or detail["policy-type"] for _type, detail in told] == [
        "Create", "NoChangeNotification", "ExpirationNotification", "Expiration", "Delete",
    ]  # fmt: skip
    assert told[3] == (
        "Parameter Store Policy Action",
        {
            "parameter-name": "p", "parameter-type": "String", "policy-type": "Expiration",
            "policy-content": json.dumps(EXPIRES, separators=(",", ":")),
            "action-status": "Success",
        },
    )  # fmt: skip


def test_an_update_counts_no_change_anew_and_leaves_the_expiration(store: Store) -> None:
    heard = Heard(store)
    store.put("p", "1", Tier="Advanced", Policies=text(EXPIRES, STALE))
    for n in range(2, 9):
        store.world.advance(DAY)
        store.put("p", str(n), Overwrite=True)
    told = [e["detail"].get("policy-type") for e in heard.taken()]
    assert told == [None] * 8
    store.world.advance(2 * DAY + 1)
    assert [e["detail"].get("policy-type") for e in heard.taken()] == ["NoChangeNotification"]
    store.world.advance(1 * DAY)
    assert store.refused("GetParameter", Name="p")[0] == "ParameterNotFound"


def test_policies_can_be_taken_away(store: Store) -> None:
    store.put("p", Tier="Intelligent-Tiering", Policies=text(EXPIRES))
    assert store.call("DescribeParameters")["Parameters"][0]["Tier"] == "Advanced"
    store.put("p", Overwrite=True, Policies="[{}]")
    assert store.call("DescribeParameters")["Parameters"][0]["Policies"] == []
    assert store.world.effects() == []
    store.world.advance(20 * DAY)
    assert store.get("p")["Version"] == 2


BAD: list[tuple[str, str]] = [
    ("{}", "ValidationException"),
    ("nonsense", "ValidationException"),
    (text(*[STALE] * 11), "PoliciesLimitExceededException"),
    (text({"Type": "Other"}), "InvalidPolicyTypeException"),
    (text(EXPIRES, EXPIRES), "IncompatiblePolicyException"),
    (text(WARNS), "IncompatiblePolicyException"),
    (text({"Type": "Expiration"}), "InvalidPolicyAttributeException"),
    (text(EXPIRES | {"Attributes": {"Timestamp": "2029-01-01T00:00:00Z"}}),
     "InvalidPolicyAttributeException"),
    (text(EXPIRES | {"Attributes": {"Timestamp": "soon"}}), "InvalidPolicyAttributeException"),
    (text(STALE | {"Attributes": {"After": "2", "Unit": "Weeks"}}),
     "InvalidPolicyAttributeException"),
    (text(STALE | {"Attributes": {"After": "0", "Unit": "Days"}}),
     "InvalidPolicyAttributeException"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "code"), BAD, ids=[str(n) for n in range(len(BAD))])
def test_bad_policies(store: Store, wrong: str, code: str) -> None:
    asked = {"Name": "p", "Value": "v", "Type": "String", "Tier": "Advanced", "Policies": wrong}
    assert store.refused("PutParameter", **asked)[0] == code


def test_policies_need_the_advanced_tier(store: Store) -> None:
    asked = {"Name": "p", "Value": "v", "Type": "String", "Policies": text(EXPIRES)}
    code, message = store.refused("PutParameter", **asked)
    assert code == "ValidationException" and "advanced" in message


def test_changes_are_told_on_the_default_bus(store: Store) -> None:
    store.put("quiet")
    heard = Heard(store)
    store.put("/a/p", Description="Sample Parameter")
    store.put("/a/p", "2", Overwrite=True)
    store.call("LabelParameterVersion", Name="/a/p", Labels=["l"])
    store.call("LabelParameterVersion", Name="/a/p", Labels=["l"])
    store.call("DeleteParameter", Name="/a/p")
    events = heard.taken()
    assert [e["detail"]["operation"] for e in events] == [
        "Create", "Update", "LabelParameterVersion", "Delete",
    ]  # fmt: skip
    first = events[0]
    assert (first["source"], first["detail-type"]) == ("aws.ssm", "Parameter Store Change")
    assert first["resources"] == [arn("/a/p")]
    assert first["time"] == "2030-01-01T00:00:00Z"
    assert first["detail"] == {
        "operation": "Create", "name": "/a/p", "type": "String", "description": "Sample Parameter",
    }  # fmt: skip
