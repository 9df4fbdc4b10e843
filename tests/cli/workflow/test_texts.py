"""The few words about a state, a rule and a time."""

from __future__ import annotations

from typing import Any

import pytest

from owari.cli.workflow.details import detail_of, retry_of
from owari.cli.workflow.machine import END, START, Transition, read
from owari.cli.workflow.notes import length
from owari.cli.workflow.palette import wrapped
from owari.cli.workflow.rules import rule_text


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"Variable": "$.n", "NumericGreaterThanEquals": 3, "Next": "x"}, "$.n ≥ 3"),
        ({"Variable": "$.s", "StringEquals": 'a"b', "Next": "x"}, '$.s = "a\\"b"'),
        ({"Variable": "$.s", "StringMatches": "*.mp4"}, '$.s like "*.mp4"'),
        ({"Variable": "$.t", "TimestampLessThanPath": "$.end"}, "$.t < $.end"),
        ({"Variable": "$.ok", "BooleanEquals": True}, "$.ok"),
        ({"Variable": "$.ok", "BooleanEquals": False}, "not $.ok"),
        ({"Variable": "$.x", "IsPresent": True}, "$.x is present"),
        ({"Variable": "$.x", "IsNull": False}, "$.x is not null"),
        ({"Not": {"Variable": "$.n", "NumericEquals": 1}}, "not ($.n = 1)"),
        (
            {
                "Or": [
                    {"Variable": "$.a", "NumericEquals": 1},
                    {"And": [{"Variable": "$.b", "IsNumeric": True}, {"Not": {}}]},
                ]
            },
            "$.a = 1 or ($.b is numeric and not (?))",
        ),
        ({"Condition": "{% $states.input.n > 3 %}", "Next": "x"}, "$states.input.n > 3"),
        ({"Variable": "$.x", "Unheard": 1}, "?"),
    ],
)
def test_rules(rule: dict[str, Any], text: str) -> None:
    assert rule_text(rule) == text


LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:encode"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"Type": "Task", "Resource": LAMBDA}, "lambda encode"),
        (
            {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "Parameters": {"FunctionName": LAMBDA + ":$LATEST"},
            },
            "lambda encode, until its token returns",
        ),
        (
            {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2"},
            "states:startExecution, until it is done",
        ),
        ({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject"}, "s3:putObject"),
        (
            {"Type": "Task", "Resource": "arn:aws:states:us-east-1:000000000000:activity:paint"},
            "activity paint",
        ),
        ({"Type": "Wait", "Seconds": 5}, "wait 5 s"),
        ({"Type": "Wait", "Timestamp": "{% $at %}"}, "wait until $at"),
        ({"Type": "Map", "ItemProcessor": {}, "MaxConcurrency": 3}, "map, 3 at a time"),
        (
            {"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}},
            "distributed map",
        ),
        ({"Type": "Fail", "Error": "Oops"}, "fail: Oops"),
        ({"Type": "Parallel"}, "parallel"),
    ],
)
def test_details(state: dict[str, Any], text: str) -> None:
    assert detail_of(state) == text


def test_retries() -> None:
    assert retry_of({}) == ""
    assert retry_of({"Retry": [{"ErrorEquals": ["A"]}, {"MaxAttempts": 5}]}) == "retry ≤ 3 + 5"


def test_transitions_of_every_kind_and_none_to_nowhere() -> None:
    found = read(
        {
            "StartAt": "A",
            "States": {
                "A": {
                    "Type": "Task",
                    "Next": "B",
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}],
                },
                "B": {"Type": "Choice", "Choices": [{"Condition": "{%x%}", "Next": "gone"}]},
                "C": {"Type": "Succeed"},
            },
        }
    )
    assert found.transitions == (
        Transition(START, "A", "start"),
        Transition("A", "B", "next"),
        Transition("A", "B", "catch", "catch any error"),
        Transition("C", END, "end"),
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.0351, "35 ms"),
        (0.9996, "1.0 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (247, "4 min 7 s"),
        (7_260, "2 h 1 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert length(seconds) == text


def test_wrapping_keeps_to_its_bounds() -> None:
    assert wrapped("a name", 10, 2) == ("a name",)
    assert wrapped("", 10, 2) == (" ",)
    assert wrapped("EndWithLambdaUnknownHandler", 22, 4) == ("EndWithLambdaUnknown", "Handler")
    assert wrapped("one snake_case_name", 12, 4) == ("one", "snake_case_", "name")
    lines = wrapped("many words " * 20, 12, 3)
    assert len(lines) == 3
    assert all(len(line) <= 12 for line in lines)
    assert lines[-1].endswith("…")
