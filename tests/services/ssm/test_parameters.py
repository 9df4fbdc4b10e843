"""Parameters put, overwritten, got, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.ssm.conftest import Store, arn
from tests.support.world import ACCOUNT, START


def test_a_parameter_is_as_it_was_put(store: Store) -> None:
    made = store.put("/app/url", "http://a", Description="where", Tags=[{"Key": "k", "Value": "v"}])
    assert made == {"Version": 1, "Tier": "Standard"}
    wanted = {
        "Name": "/app/url", "Type": "String", "Value": "http://a", "Version": 1,
        "LastModifiedDate": START, "ARN": arn("/app/url"), "DataType": "text",
    }  # fmt: skip
    assert store.get("/app/url") == wanted == store.get(arn("/app/url")) == store.get(" /app/url ")
    (shown,) = store.call("DescribeParameters")["Parameters"]
    assert shown == {
        "Name": "/app/url", "Type": "String", "Version": 1, "ARN": arn("/app/url"),
        "LastModifiedDate": START, "LastModifiedUser": f"arn:aws:iam::{ACCOUNT}:root",
        "Tier": "Standard", "Policies": [], "DataType": "text", "Description": "where",
    }  # fmt: skip


def test_versions_are_got_by_number_and_label(store: Store) -> None:
    store.put("p", "one")
    code, message = store.refused("PutParameter", Name="p", Value="two", Type="String")
    assert (code, message) == (
        "ParameterAlreadyExists",
        "The parameter already exists. To overwrite this value, set the overwrite option in the"
        " request to true.",
    )
    assert store.put("p", "two", Overwrite=True)["Version"] == 2
    assert store.get("p")["Value"] == "two"
    first = store.get("p:1")
    assert (first["Value"], first["Name"], first["Selector"]) == ("one", "p", ":1")
    assert store.get(f"{arn('p')}:1")["Value"] == "one"
    store.call("LabelParameterVersion", Name="p", ParameterVersion=1, Labels=["good"])
    assert store.get("p:good")["Value"] == "one" == store.get(f"{arn('p')}:good")["Value"]
    code, message = store.refused("GetParameter", Name="p:3")
    assert (code, message) == (
        "ParameterVersionNotFound",
        "Systems Manager could not find version 3 of p. Verify the version and try again.",
    )
    assert store.refused("GetParameter", Name="p:bad")[0] == "ParameterVersionNotFound"
    assert store.refused("GetParameter", Name="q") == ("ParameterNotFound", "")
    assert store.refused("GetParameter", Name="q:1") == ("ParameterNotFound", "")


def test_an_arn_of_a_single_level_means_either_name(store: Store) -> None:
    store.put("/slash", "s")
    store.put("plain", "p")
    assert store.get(arn("slash"))["Name"] == "/slash"
    assert store.get(arn("plain"))["Name"] == "plain"
    other = arn("plain").replace(ACCOUNT, "123456789012")
    assert store.refused("GetParameter", Name=other)[0] == "ParameterNotFound"


def test_many_at_once_in_the_order_of_their_names(store: Store) -> None:
    for name in ("b", "a", "/c"):
        store.put(name, name)
    answer = store.call("GetParameters", Names=["b", "/c", "none", "a:9", "a"])
    assert [one["Name"] for one in answer["Parameters"]] == ["/c", "a", "b"]
    assert answer["InvalidParameters"] == ["none", "a:9"]


def test_a_secure_string_is_only_told_decrypted(store: Store) -> None:
    store.put("s", "hunter2", Type="SecureString")
    store.put("t", "hunter2", Type="SecureString", KeyId="alias/mine")
    sealed = store.get("s")["Value"]
    assert "hunter2" not in sealed and sealed == store.get("s")["Value"] != store.get("t")["Value"]
    assert store.get("s", WithDecryption=True)["Value"] == "hunter2"
    found = store.call("GetParameters", Names=["s"])["Parameters"][0]["Value"]
    assert found == sealed
    keys = {one["Name"]: one["KeyId"] for one in store.call("DescribeParameters")["Parameters"]}
    assert keys == {"s": "alias/aws/ssm", "t": "alias/mine"}
    (old,) = store.call("GetParameterHistory", Name="s")["Parameters"]
    assert old["Value"] == sealed
    (old,) = store.call("GetParameterHistory", Name="s", WithDecryption=True)["Parameters"]
    assert old["Value"] == "hunter2"


def test_what_an_update_leaves_out_stays(store: Store) -> None:
    store.put("n", "10", AllowedPattern=r"\d{1,4}", Description="d")
    code, message = store.refused("PutParameter", Name="n", Value="10,000", Overwrite=True)
    assert (code, message) == (
        "ParameterPatternMismatchException",
        r"Parameter value, cannot be validated against allowedPattern: \d{1,4}",
    )
    store.put("n", "x", Overwrite=True, AllowedPattern="[a-z]")
    store.put("n", "anything", Overwrite=True, AllowedPattern="")
    history = store.call("GetParameterHistory", Name="n")["Parameters"]
    assert [one.get("AllowedPattern") for one in history] == [r"\d{1,4}", "[a-z]", None]
    assert [one["Value"] for one in history] == ["10", "x", "anything"]
    assert {one["Description"] for one in history} == {"d"}


def test_each_item_of_a_list_must_match(store: Store) -> None:
    store.put("l", "a,b,c", Type="StringList", AllowedPattern="[a-z]")
    code, _ = store.refused("PutParameter", Name="l", Value="a,1", Overwrite=True)
    assert code == "ParameterPatternMismatchException"


FORM = (
    "If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be"
    " formed as a mix of letters, numbers and the following 3 symbols .-_"
)
BAD_PUTS: list[tuple[dict[str, Any], str, str]] = [
    ({"Name": "awsome"}, "ValidationException", 'can\'t be prefixed with "aws" or "ssm"'),
    ({"Name": "SSM-thing"}, "ValidationException", 'can\'t be prefixed with "aws" or "ssm"'),
    ({"Name": "/ssm/thing"}, "ValidationException", 'with "ssm" (case-insensitive). ' + FORM),
    ({"Name": "/AWS/x"}, "AccessDeniedException", "No access to reserved parameter name: /AWS/x."),
    ({"Name": "a b"}, "ValidationException", FORM),
    ({"Name": "a/b"}, "ValidationException", "Parameter name must be a fully qualified name."),
    ({"Name": "/a/b/"}, "ValidationException", "Parameter name must not end with slash."),
    ({"Name": "/a" * 16}, "HierarchyLevelLimitExceededException", "maximum of 15 levels"),
    ({"Name": "/" + "a" * 1000}, "ValidationException", "1011"),
    ({"Type": None}, "ValidationException", "A parameter type is required when you create"),
    ({"Value": ""}, "ValidationException", "length greater than or equal to 1"),
    ({"Value": "x{{ssm:y}}"}, "ValidationException", "can't nest another parameter"),
    ({"Value": "v" * 4097}, "ValidationException",
     "Standard tier parameters support a maximum parameter value of 4096 characters. To create a"),
    ({"Value": "v" * 8193, "Tier": "Advanced"}, "ValidationException",
     "Advanced-tier parameters support a maximum parameter value of 8192 characters."),
    ({"KeyId": "k"}, "ValidationException", "KeyId is required for SecureString type parameter"),
    ({"AllowedPattern": "("}, "InvalidAllowedPatternException", "regular expression"),
    ({"AllowedPattern": "a"}, "ParameterPatternMismatchException", "allowedPattern: a"),
    ({"DataType": "Text"}, "ValidationException", "data type is not supported: Text (Data type"),
    ({"DataType": "integer"}, "ValidationException", "isn't valid for the data type integer"),
    ({"DataType": "aws:ssm:integration"}, "ValidationException", "SecureString"),
    ({"Overwrite": True, "Tags": [{"Key": "k", "Value": "v"}]}, "ValidationException",
     "Invalid request: tags and overwrite can't be used together."),
    ({"Tags": [{"Key": "aws:k", "Value": "v"}]}, "ValidationException", "aws:"),
    ({"Tags": [{"Key": f"k{n}", "Value": "v"} for n in range(51)]}, "TooManyTagsError", "50"),
    ({"Policies": "[]", "Tier": "Standard", "Value": "{{}}"}, "ValidationException", "nest"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "code", "words"), BAD_PUTS, ids=lambda one: str(one)[:40])
def test_refused(store: Store, wrong: dict[str, Any], code: str, words: str) -> None:
    right = {"Name": "p", "Value": "v", "Type": "String"} | wrong
    given = {name: value for name, value in right.items() if value is not None}
    said, message = store.refused("PutParameter", **given)
    assert said == code, message
    assert words in message
    assert store.call("DescribeParameters")["Parameters"] == []
    assert not store.world.left_behind()


def test_a_type_and_an_advanced_tier_are_for_good(store: Store) -> None:
    store.put("p")
    code, _ = store.refused(
        "PutParameter", Name="p", Value="v", Type="SecureString", Overwrite=True
    )
    assert code == "HierarchyTypeMismatchException"
    intelligent = {"Tier": "Intelligent-Tiering", "Overwrite": True}
    assert store.put("p", **intelligent)["Tier"] == "Standard"
    assert store.put("p", "v" * 5000, **intelligent)["Tier"] == "Advanced"
    assert store.put("p", Overwrite=True)["Tier"] == "Advanced"
    code, message = store.refused(
        "PutParameter", Name="p", Value="v", Tier="Standard", Overwrite=True
    )
    assert code == "ValidationException" and "You can't downgrade a parameter" in message


GOOD = {
    "boolean": "true", "integer": "-12", "float": "1.5e3", "binary": "aGk=", "hostname": "a.b-c.d",
    "email": "a+b@example.com", "ipv4-address": "10.0.0.1", "ipv6-address": "fe80::1",
    "url": "https://a.b/c?d", "json": '{"a": [1]}', "aws:region": "us-east-1",
    "jsonc": '{"a": "// no", /* yes */ "b": 1} // end', "aws:account:id": "123456789012",
    "aws:ec2:image": "ami-0123456789abcdef0",
}  # fmt: skip
WRONG = {
    "boolean": "yes", "integer": "1.5", "float": "e3", "binary": "?", "hostname": "-a",
    "email": "a@", "ipv4-address": "10.0.0.256", "ipv6-address": "10.0.0.1", "url": "a.b/c",
    "json": "{", "aws:region": "useast", "jsonc": '{"a": 1} /* open', "aws:account:id": "12",
    "aws:ec2:image": "ami-1",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_values_are_of_their_data_type(store: Store, kind: str) -> None:
    store.put("good", GOOD[kind], DataType=kind)
    assert store.get("good")["DataType"] == kind
    code, message = store.refused(
        "PutParameter", Name="bad", Value=WRONG[kind], Type="String", DataType=kind
    )
    assert code == "ValidationException" and kind in message


def test_a_hundred_versions_are_kept_unless_a_label_holds_the_oldest(store: Store) -> None:
    store.put("p", "1")
    for n in range(2, 102):
        store.put("p", str(n), Overwrite=True)
    assert store.refused("GetParameter", Name="p:1")[0] == "ParameterVersionNotFound"
    history = store.call("GetParameterHistory", Name="p")
    assert [one["Version"] for one in history["Parameters"]] == list(range(2, 52))
    rest = store.call("GetParameterHistory", Name="p", NextToken=history["NextToken"])
    assert [one["Version"] for one in rest["Parameters"]] == list(range(52, 102))
    assert "NextToken" not in rest
    store.call("LabelParameterVersion", Name="p", ParameterVersion=2, Labels=["held"])
    code, message = store.refused("PutParameter", Name="p", Value="x", Overwrite=True)
    assert (code, message) == (
        "ParameterMaxVersionLimitExceeded",
        "You attempted to create a new version of p by calling the PutParameter API with the"
        " overwrite flag. Version 2, the oldest version, can't be deleted because it has a label"
        " associated with it. Move the label to another version of the parameter, and try again.",
    )


def test_deleted(store: Store) -> None:
    for name in "abc":
        store.put(name)
    store.call("DeleteParameter", Name="a")
    assert store.refused("DeleteParameter", Name="a") == ("ParameterNotFound", "")
    answer = store.call("DeleteParameters", Names=["b", "a", "c", "b"])
    assert answer == {"DeletedParameters": ["b", "c"], "InvalidParameters": ["a"]}
    assert store.put("a")["Version"] == 1
    assert store.call("ListTagsForResource", ResourceType="Parameter", ResourceId="a") == {
        "TagList": []
    }


def test_public_parameters_are_not_supplied(store: Store) -> None:
    code, message = store.refused("GetParameter", Name="/aws/service/ami-amazon-linux-latest/x")
    assert code == "ParameterNotFound" and "public parameters" in message
    code, message = store.refused("GetParametersByPath", Path="/aws/service/global")
    assert code == "NotImplemented" and "public parameters" in message


def test_tags(store: Store) -> None:
    store.put("p", Tags=[{"Key": "a", "Value": "1"}])
    named = {"ResourceType": "Parameter", "ResourceId": "p"}
    store.call("AddTagsToResource", **named, Tags=[{"Key": "b", "Value": "2"}])
    store.call("RemoveTagsFromResource", **named, TagKeys=["a"])
    assert store.call("ListTagsForResource", **named)["TagList"] == [{"Key": "b", "Value": "2"}]
    gone = {"ResourceType": "Parameter", "ResourceId": "q"}
    assert store.refused("ListTagsForResource", **gone)[0] == "InvalidResourceId"
    document = {"ResourceType": "Document", "ResourceId": "d"}
    assert store.refused("ListTagsForResource", **document)[0] == "NotImplemented"


def test_labels(store: Store) -> None:
    store.put("p", "1")
    store.put("p", "2", Overwrite=True)
    label = {"Name": "p", "Labels": ["live", "1st", "aws-x", "a b"]}
    answer = store.call("LabelParameterVersion", **label)
    assert answer == {"InvalidLabels": ["1st", "aws-x", "a b"], "ParameterVersion": 2}
    store.call("LabelParameterVersion", Name="p", Labels=["live"], ParameterVersion=1)
    history = store.call("GetParameterHistory", Name="p")["Parameters"]
    assert [one["Labels"] for one in history] == [["live"], []]
    many = [f"l{n}" for n in range(10)]
    code, _ = store.refused("LabelParameterVersion", Name="p", Labels=many, ParameterVersion=1)
    assert code == "ParameterVersionLabelLimitExceeded"
    asked = {"Name": "p", "ParameterVersion": 1, "Labels": ["live", "none"]}
    answer = store.call("UnlabelParameterVersion", **asked)
    assert answer == {"RemovedLabels": ["live"], "InvalidLabels": ["none"]}
    assert store.refused("GetParameter", Name="p:live")[0] == "ParameterVersionNotFound"
    code, _ = store.refused("LabelParameterVersion", Name="p", Labels=["x"], ParameterVersion=9)
    assert code == "ParameterVersionNotFound"
    assert store.refused("LabelParameterVersion", Name="q", Labels=["x"])[0] == "ParameterNotFound"
