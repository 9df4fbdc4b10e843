from __future__ import annotations

from typing import Any

import pytest

from owari.services.stepfunctions.asl.jsonpath import InvalidPath, PathError, compile_path, quick

DATA: dict[str, Any] = {
    "users": [{"name": "Ann", "age": 30, "tags": ["a"]}, {"name": "Bob", "age": 25}],
    "nested": {"list": [1, 2, 3, 4], "text": "hello", "none": None},
    "odd key": {"it's": 1},
    "sub-values": [10],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", DATA),
        ("$.nested.text", "hello"),
        ("$['nested']['text']", "hello"),
        ("$.nested.list[0]", 1),
        ("$.nested.list[-1]", 4),
        ("$.nested.list[1:3]", [2, 3]),
        ("$.nested.list[-2:]", [3, 4]),
        ("$.nested.list[:2]", [1, 2]),
        ("$.nested.list[::2]", [1, 3]),
        ("$.nested.list[0,2]", [1, 3]),
        ("$.users[*].name", ["Ann", "Bob"]),
        ("$..name", ["Ann", "Bob"]),
        ("$.users..tags[0]", ["a"]),
        ("$.nested.*", [[1, 2, 3, 4], "hello", None]),
        ("$.sub-values[0]", 10),
        ("$['odd key']['it\\'s']", 1),
        ("$.nested['list','text']", {"list": [1, 2, 3, 4], "text": "hello"}),
        ("$.users[?(@.age > 26)].name", ["Ann"]),
        ("$.users[?(@.age >= 25 && @.name != 'Ann')].name", ["Bob"]),
        ("$.users[?(@.age < 26 || @.tags)].name", ["Ann", "Bob"]),
        ("$.users[?(!@.tags)].name", ["Bob"]),
        ("$.users[?(@.name == 'Bob')]", [{"name": "Bob", "age": 25}]),
        ("$.users[?(@.age == '25')].name", ["Bob"]),
        ("$.users[?(@.name =~ /a.*/i)].age", [30]),
        ("$.users[?(@.name in ['Bob', 'Eve'])].age", [25]),
        ("$.users[?(@.name nin ['Bob'])].age", [30]),
        ("$.users[?(@.tags size 1)].age", [30]),
        ("$.users[?(@.age == $.nested.list[0])]", []),
        ("$.nested.list[?(@ > 2)]", [3, 4]),
        ("$.users[?(@.missing)]", []),
        ("$.nested.list.length()", 4),
        ("$.nested.text.length()", 5),
        ("$.nested.list.sum()", 10.0),
        ("$.nested.list.avg()", 2.5),
        ("$.nested.list.max()", 4.0),
        ("$.nested.keys()", ["list", "text", "none"]),
        ("$.users.*.nothing", []),
    ],
)
def test_a_path_finds(path: str, found: Any) -> None:
    compiled = compile_path(path)
    assert compiled.find(DATA) == found
    assert quick(compiled)(DATA) == found


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("$.missing", "No results for path: $['missing']"),
        ("$.nested.missing", "No results for path: $['nested']['missing']"),
        ("$.missing.more", "Missing property in path $['missing']"),
        ("$.nested.list[9]", "No results for path: $['nested']['list'][9]"),
        ("$.nested.none[0]", "The path $['nested']['none'] is null"),
        (
            "$.nested.text.more",
            "Expected to find an object with property ['more'] in path $['nested']['text'] but"
            " found 'java.lang.String'. This is not a json object according to the JsonProvider:"
            " 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.",
        ),
        ("$.missing[*]", "Missing property in path $['missing']"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_ends(path: str, message: str) -> None:
    with pytest.raises(PathError) as raised:
        quick(compile_path(path))(DATA)
    assert raised.value.message == message


@pytest.mark.parametrize(
    "path",
    ["", "x", "$.", "$[", "$.a b", "$[a]", "$['a]", "$.a[?(@.b ==)]", "$.a.nope()", "$[1:2:0]"],
)
def test_what_is_not_a_path(path: str) -> None:
    with pytest.raises(InvalidPath):
        compile_path(path)


@pytest.mark.parametrize(
    ("path", "keys"),
    [("$", ()), ("$.a.b[0]", ("a", "b", 0)), ("$['a']", ("a",)), ("$.a[*]", None), ("$..a", None)],
)
def test_reference_paths(path: str, keys: Any) -> None:
    assert compile_path(path).reference == keys


def test_roots() -> None:
    assert compile_path("$$.Execution.Id").root == "$$"
    assert compile_path("$name.part[0]").root == "name"
    assert compile_path("$name").steps == ()
