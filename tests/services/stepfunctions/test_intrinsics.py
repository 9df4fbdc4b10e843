from __future__ import annotations

from typing import Any

import pytest

from owari.services.stepfunctions.asl.fault import StateError
from owari.services.stepfunctions.asl.intrinsic_parser import parse_intrinsic
from owari.services.stepfunctions.asl.json_text import dumps, java_text
from owari.services.stepfunctions.asl.jsonpath import InvalidPath
from owari.services.stepfunctions.asl.scope import Scope
from tests.services.stepfunctions.replay import Counted


class Around:
    now_ms = 0
    chance = Counted()

    def context(self) -> dict[str, Any]:
        return {"Execution": {"Name": "run"}}

    def variables(self) -> dict[str, Any]:
        return {"v": [1, 2]}


DATA = {"name": "Ann", "n": 3, "list": [1, 2, 2, 3, True], "a": {"x": 1}, "b": {"x": 2, "y": 3}}


def call(text: str) -> Any:
    return parse_intrinsic(text)(Scope(DATA, Around()))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("States.Format('Hello, {}! You are {}.', $.name, 7)", "Hello, Ann! You are 7."),
        (r"States.Format('a \{\} {} it\'s', 1)", "a {} 1 it's"),
        ("States.Format('{}', $.a)", "{x=1}"),
        ("States.Format('{} {}', null, true)", "null true"),
        ("States.StringToJson('{\"a\": [1, 2.5]}')", {"a": [1, 2.5]}),
        ("States.StringToJson(' ')", None),
        ("States.JsonToString($.b)", '{"x":2,"y":3}'),
        ("States.Array()", []),
        ("States.Array('x', $.n, null)", ["x", 3, None]),
        ("States.ArrayPartition($.list, 2)", [[1, 2], [2, 3], [True]]),
        ("States.ArrayContains($.list, 1)", True),
        ("States.ArrayContains($.list, true)", True),
        ("States.ArrayContains($v, true)", False),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem($.list, 3)", 3),
        ("States.ArrayLength($.list)", 5),
        ("States.ArrayUnique($.list)", [1, 2, 3, True]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGF0YSB0byBkZWNvZGU=')", "Data to decode"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.Hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("States.JsonMerge($.a, $.b, false)", {"x": 2, "y": 3}),
        ("States.MathAdd($.n, -1)", 2),
        ("States.MathAdd(1.5, 1)", 3),
        ("States.StringSplit('1,2,3', ',')", ["1", "2", "3"]),
        (
            "States.StringSplit('This.is+a,test=string', '.+,=')",
            ["This", "is", "a", "test", "string"],
        ),
        ("States.Format('{}', $$.Execution.Name)", "run"),
        ("States.ArrayGetItem(States.StringSplit('a-b', '-'), States.MathAdd(0, 1))", "b"),
    ],
)
def test_a_function_yields(text: str, value: Any) -> None:
    assert call(text) == value


def test_random_numbers_stay_in_range_and_follow_a_seed() -> None:
    assert 1 <= call("States.MathRandom(1, 10)") < 10
    first = call("States.MathRandom(1, 1000, 42)")
    assert call("States.MathRandom(1, 1000, 42)") == first


def test_uuid_comes_from_the_given_chance() -> None:
    assert call("States.UUID()").startswith("00000000-0000-4000-8000-")


@pytest.mark.parametrize(
    "text",
    [
        "States.Format('{} {}', 1)",
        "States.StringToJson('{')",
        "States.ArrayGetItem($.list, 9)",
        "States.ArrayPartition($.list, 0)",
        "States.ArrayRange(1, 5000, 1)",
        "States.ArrayRange(1, 5, 0)",
        "States.ArrayLength($.name)",
        "States.Base64Decode('###')",
        "States.Hash('a', 'CRC')",
        "States.JsonMerge($.a, $.b, true)",
        "States.MathAdd('1', 2)",
        "States.MathAdd(2147483647, 1)",
        "States.MathRandom(5, 5)",
    ],
)
def test_arguments_that_cannot_work_fail_the_state(text: str) -> None:
    with pytest.raises(StateError) as raised:
        call(text)
    assert raised.value.error == "States.IntrinsicFailure"
    assert raised.value.cause and raised.value.cause.startswith(f"The function '{text}' had the")


def test_a_missing_path_is_a_runtime_error() -> None:
    text = "States.Format('{}', States.Format('{}',$.missing))"
    with pytest.raises(StateError) as raised:
        call(text)
    assert raised.value.error == "States.Runtime"
    assert raised.value.cause == (
        f"The function '{text}' had the following error: The JsonPath argument for the field"
        f" '$.missing' could not be found in the input '{dumps(DATA)}'"
    )


@pytest.mark.parametrize(
    "text",
    ["States.Nope()", "States.Format(", "States.Format('a' 'b')", "States.ArrayLength()",
     "States.MathAdd(1,2,3)", "States.Array(1) x", "States.Array(nope)", "States.Format('a)"],
)  # fmt: skip
def test_what_is_not_a_call(text: str) -> None:
    with pytest.raises(InvalidPath):
        parse_intrinsic(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1.0"), (0.5, "0.5"), (1e7, "1.0E7"), (12345678.5, "1.23456785E7"), (1e-4, "1.0E-4"),
     (-2.5e22, "-2.5E22"), (0.0, "0.0")],
)  # fmt: skip
def test_doubles_are_printed_as_java_does(value: float, text: str) -> None:
    assert java_text(value) == text


@pytest.mark.parametrize(
    "text",
    ["States.Base64Decode('é')", "States.Base64Encode('\ud800')", "States.MathAdd($.inf, 1)"],
)
def test_what_is_no_text_and_no_number_fails_the_state(text: str) -> None:
    with pytest.raises(StateError) as failed:
        parse_intrinsic(text)(Scope(DATA | {"inf": float("inf")}, Around()))
    assert failed.value.error == "States.IntrinsicFailure"
