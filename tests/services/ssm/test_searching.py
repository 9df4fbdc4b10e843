"""GetParametersByPath and DescribeParameters: hierarchies, filters, pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.ssm.conftest import Store

TREE = ("/a/b/c/d", "/a/b/e", "/a/f", "/a-b/g", "/a/b", "top", "/h")


@pytest.fixture
def tree(store: Store) -> Store:
    for name in TREE:
        store.put(name, name, Tags=[{"Key": "at", "Value": name}])
    return store


@pytest.mark.parametrize(
    ("path", "recursive", "wanted"),
    [
        ("/a", False, ["/a/b", "/a/f"]),
        ("/a/", True, ["/a/b", "/a/b/c/d", "/a/b/e", "/a/f"]),
        ("/a/b", False, ["/a/b/e"]),
        ("/a/b/e", True, []),
        ("/", False, ["/h", "top"]),
        ("/", True, sorted(TREE)),
        ("/none", True, []),
    ],
)
def test_by_path(tree: Store, path: str, recursive: bool, wanted: list[str]) -> None:
    for most in (1, 2, 10):
        asked = {"Path": path, "Recursive": recursive, "MaxResults": most}
        assert tree.names("GetParametersByPath", **asked) == wanted


def test_a_path_must_be_one(tree: Store) -> None:
    for path in ("a", "/a b", "//a", "/a?"):
        code, message = tree.refused("GetParametersByPath", Path=path)
        assert code == "ValidationException"
        assert message.startswith("The parameter doesn't meet the parameter name requirements.")
    long = "/" + "a" * 2000 + "!"
    assert tree.refused("GetParametersByPath", Path=long)[0] == "ValidationException"


def test_by_path_with_filters(store: Store) -> None:
    store.put("/p/s", "secret", Type="SecureString", KeyId="alias/k")
    store.put("/p/t", "old")
    store.put("/p/t", "new", Overwrite=True)
    store.call("LabelParameterVersion", Name="/p/t", ParameterVersion=1, Labels=["was"])

    def found(key: str, *values: str, **more: Any) -> list[dict[str, Any]]:
        one = {"Key": key, "Values": list(values), **more}
        answer = store.call("GetParametersByPath", Path="/p", ParameterFilters=[one])
        return list(answer["Parameters"])

    assert [one["Name"] for one in found("Type", "SecureString")] == ["/p/s"]
    assert [one["Name"] for one in found("KeyId", "alias/", Option="BeginsWith")] == ["/p/s"]
    (labelled,) = found("Label", "was")
    assert (labelled["Value"], labelled["Selector"]) == ("old", ":was")
    (secret, _) = store.call("GetParametersByPath", Path="/p", WithDecryption=True)["Parameters"]
    assert secret["Value"] == "secret"


FOUND: list[tuple[dict[str, Any], list[str]]] = [
    ({"Key": "Name", "Values": ["top", "/h"]}, ["/h", "top"]),
    ({"Key": "Name", "Option": "BeginsWith", "Values": ["/a/b"]}, ["/a/b", "/a/b/c/d", "/a/b/e"]),
    ({"Key": "Name", "Option": "Contains", "Values": ["-b"]}, ["/a-b/g"]),
    ({"Key": "Path", "Values": ["/a"]}, ["/a/b", "/a/f"]),
    ({"Key": "Path", "Option": "Recursive", "Values": ["/a/b", "/a-b"]},
     ["/a-b/g", "/a/b/c/d", "/a/b/e"]),
    ({"Key": "tag:at", "Values": ["/h"]}, ["/h"]),
    ({"Key": "tag:at", "Option": "BeginsWith", "Values": ["/a/b/"]}, ["/a/b/c/d", "/a/b/e"]),
    ({"Key": "tag:at"}, sorted(TREE)),
    ({"Key": "tag:other"}, []),
    ({"Key": "Tier", "Values": ["Advanced"]}, []),
    ({"Key": "Type", "Values": ["String"]}, sorted(TREE)),
    ({"Key": "DataType", "Values": ["text"]}, sorted(TREE)),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "names"), FOUND, ids=lambda one: str(one)[:50])
def test_described(tree: Store, wanted: dict[str, Any], names: list[str]) -> None:
    for most in (1, 50):
        asked = {"ParameterFilters": [wanted], "MaxResults": most}
        assert tree.names("DescribeParameters", **asked) == names


def test_ten_are_described_unless_more_are_wanted(store: Store) -> None:
    for n in range(60):
        store.put(f"p{n:02d}")
    page = store.call("DescribeParameters")
    assert len(page["Parameters"]) == 10 and "NextToken" in page
    assert len(store.call("DescribeParameters", MaxResults=50)["Parameters"]) == 50


def test_a_long_search_goes_on_with_the_next_page(store: Store) -> None:
    """A page may be empty and say that there is more, as on AWS."""
    for n in range(1_100):
        store.put(f"p{n:04d}")
    wanted = [{"Key": "Name", "Values": ["p1099"]}]
    page = store.call("DescribeParameters", ParameterFilters=wanted)
    assert page["Parameters"] == [] and "NextToken" in page
    assert store.names("DescribeParameters", ParameterFilters=wanted) == ["p1099"]


def test_the_old_filters(tree: Store) -> None:
    tree.put("s", Type="SecureString")
    filters = [{"Key": "Type", "Values": ["SecureString"]}]
    assert tree.names("DescribeParameters", Filters=filters) == ["s"]
    filters = [{"Key": "Name", "Values": ["top"]}]
    assert tree.names("DescribeParameters", Filters=filters) == ["top"]
    code, message = tree.refused("DescribeParameters", Filters=filters, ParameterFilters=filters)
    assert code == "ValidationException" and message.startswith("You can use either Filters or")


BAD: list[tuple[list[dict[str, Any]], str, str]] = [
    ([{"Key": "Label", "Values": ["x"]}], "InvalidFilterKey", "filter key is not valid: Label"),
    ([{"Key": "Name", "Values": ["x"]}] * 2, "InvalidFilterKey", "duplicated in the request: Name"),
    ([{"Key": "Type", "Option": "Contains", "Values": ["String"]}], "InvalidFilterOption",
     "Contains. Valid options include: [BeginsWith, Equals]."),
    ([{"Key": "Path", "Option": "Equals", "Values": ["/a"]}], "InvalidFilterOption", "Recursive"),
    ([{"Key": "Type", "Values": ["Text"]}], "InvalidFilterValue", "[String, StringList, Secure"),
    ([{"Key": "Name"}], "InvalidFilterValue", "missing : null for filter key Name."),
    ([{"Key": "Path", "Values": ["a"]}], "ValidationException", "forward slash"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "code", "words"), BAD, ids=lambda one: str(one)[:40])
def test_bad_filters(store: Store, wrong: list[dict[str, Any]], code: str, words: str) -> None:
    said, message = store.refused("DescribeParameters", ParameterFilters=wrong)
    assert said == code and words in message
    if code == "InvalidFilterKey":
        return
    name = [{"Key": "Name", "Values": ["x"]}]
    assert store.refused("GetParametersByPath", Path="/", ParameterFilters=name)[0] == (
        "InvalidFilterKey"
    )


def test_tokens_of_others(tree: Store) -> None:
    for token in ("x", "W10=", "WzFd"):
        for operation, more in (
            ("DescribeParameters", {}),
            ("GetParametersByPath", {"Path": "/"}),
            ("GetParameterHistory", {"Name": "top"}),
        ):
            if (operation, token) == ("GetParameterHistory", "WzFd"):
                continue  # a version's number
            assert tree.refused(operation, NextToken=token, **more)[0] == "InvalidNextToken"
