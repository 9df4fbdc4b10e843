"""Executions with input of every shape: they may fail, with a name that begins with `States.`,
but the interpreter does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from owari.services.stepfunctions.asl import instructions as do
from owari.services.stepfunctions.asl import reports as told
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.asl.validation import load
from tests.services.stepfunctions.replay import Runner, echo, run

LAMBDA = "arn:aws:lambda:us-east-1:111111111111:function:f"
SEND = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
PROCESSOR = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
DISTRIBUTED = {**PROCESSOR, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "Parameters": {"Bucket.$": "$.a"},
    "ReaderConfig": {"InputType": "JSON", "MaxItemsPath": "$.n"},
}
SPLIT = "States.ArrayPartition(States.StringSplit($.a, ','), $.n)"
STATES: list[dict[str, Any]] = [
    {"Type": "Pass", "InputPath": "$.a", "ResultPath": "$.a.b[0].c", "Result": 1},
    {"Type": "Pass", "Parameters": {"x.$": "$.a[?(@.n > 1)]", "y.$": "$..n", "z.$": "$.a[1:]"}},
    {"Type": "Pass", "Parameters": {"x.$": SPLIT, "y.$": "States.JsonMerge($.a, $.n, false)"}},
    {"Type": "Pass", "Parameters": {"x.$": "States.Hash($.a, $.n)", "n.$": "$.a.length()"}},
    {"Type": "Pass", "Parameters": {"x.$": "States.MathRandom($.a, $.n)"}, "OutputPath": "$.x"},
    {"Type": "Pass", "Assign": {"v.$": "$.a"}, "Parameters": {"x.$": "$.n.sum()"}},
    {"Type": "Pass", "Parameters": {"x.$": "States.Base64Decode($.a)"}},
    {"Type": "Pass", "Parameters": {"x.$": "States.Base64Encode($.a)"}},
    {"Type": "Pass", "Parameters": {"x.$": "States.MathAdd($.a, $.n)"}},
    {"Type": "Pass", "Parameters": {"x.$": "States.StringToJson($.a)"}},
    {"Type": "Wait", "SecondsPath": "$.n"},
    {"Type": "Wait", "TimestampPath": "$.n"},
    {"Type": "Task", "Resource": LAMBDA, "TimeoutSecondsPath": "$.n",
     "Credentials": {"RoleArn.$": "$.a"}},
    {"Type": "Task", "Resource": SEND, "HeartbeatSecondsPath": "$.n", "Parameters": {"x.$": "$.a"},
     "ResultSelector": {"y.$": "$.x.y"}},
    {"Type": "Parallel", "Branches": [PROCESSOR], "Parameters": {"x.$": "$.a"},
     "ResultSelector": {"y.$": "$[0].x[0]"}, "ResultPath": "$.a.r"},
    {"Type": "Map", "ItemsPath": "$.a", "MaxConcurrencyPath": "$.n", "ItemProcessor": PROCESSOR,
     "ItemSelector": {"x.$": "$$.Map.Item.Value.x"}},
    {"Type": "Map", "ItemsPath": "$.a", "ItemProcessor": DISTRIBUTED,
     "ToleratedFailureCountPath": "$.n", "ToleratedFailurePercentagePath": "$.n",
     "ItemBatcher": {"MaxItemsPerBatchPath": "$.n", "BatchInput": {"x.$": "$.a"}}},
    {"Type": "Map", "ItemReader": READER, "ItemProcessor": DISTRIBUTED},
]  # fmt: skip
JSONATA: list[dict[str, Any]] = [
    {"Type": "Pass", "Output": {"x": "{% $states.input.a + 1 %}"}},
    {"Type": "Pass", "Assign": {"v": "{% $states.input.a.b %}"}, "Output": "{% $v %}"},
    {"Type": "Pass", "Output": "{% $pad($states.input.a, $states.input.n) %}"},
    {"Type": "Pass", "Output": "{% $formatInteger($states.input.n, $states.input.a) %}"},
    {"Type": "Pass", "Output": "{% $formatBase($states.input.n, 36) & $states.input.a %}"},
    {"Type": "Pass", "Output": "{% $fromMillis($states.input.n, '[Y' & $states.input.a & ']') %}"},
    {"Type": "Pass", "Output": "{% $base64encode($states.input.a) %}"},
    {"Type": "Pass", "Output": "{% $replace($states.input.a, /(.)/, '$1$²') %}"},
    {"Type": "Pass", "Output": "{% $number($states.input.a) + $round(1, $states.input.n) %}"},
    {"Type": "Pass", "Output": "{% $substring('abc', $states.input.n) %}"},
    {"Type": "Wait", "Seconds": "{% $states.input.n %}"},
    {"Type": "Wait", "Timestamp": "{% $states.input.n %}"},
    {"Type": "Task", "Resource": LAMBDA, "TimeoutSeconds": "{% $states.input.n %}",
     "Credentials": "{% $states.input.a %}", "Arguments": "{% $states.input.a %}"},
    {"Type": "Parallel", "Branches": [PROCESSOR], "Arguments": "{% $states.input.a %}",
     "Output": "{% $states.result.x[0] %}"},
    {"Type": "Map", "Items": "{% $states.input.a %}", "MaxConcurrency": "{% $states.input.n %}",
     "ItemProcessor": PROCESSOR, "ItemSelector": {"x": "{% $states.context.Map.Item.Value %}"}},
    {"Type": "Map", "Items": "{% $states.input.a %}", "ItemProcessor": DISTRIBUTED,
     "ToleratedFailureCount": "{% $states.input.n %}",
     "ToleratedFailurePercentage": "{% $states.input.n %}",
     "ItemBatcher": {"MaxItemsPerBatch": "{% $states.input.n %}"}},
]  # fmt: skip


def machine(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"StartAt": "S", "States": {"S": {**state, "End": True}}, **more}


MACHINES = [machine(s) for s in STATES] + [machine(s, QueryLanguage="JSONata") for s in JSONATA]
CHOICES = [
    {"Type": "Choice", "Choices": [{"Variable": "$.a", name: value, "Next": "E"}], "Default": "E"}
    for name, value in (
        ("StringEqualsPath", "$.n"), ("NumericLessThanPath", "$.n"), ("StringMatches", "*a*"),
        ("TimestampGreaterThanEqualsPath", "$.n"), ("BooleanEqualsPath", "$.n"),
        ("IsTimestamp", True), ("IsPresent", False), ("NumericGreaterThan", 1),
    )
]  # fmt: skip
MACHINES += [
    {"StartAt": "C", "States": {"C": choice, "E": {"Type": "Succeed"}}} for choice in CHOICES
]

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats(allow_nan=False, width=32)
    | st.sampled_from(["", "x", "1", "a,b", "2020-01-01T00:00:00Z", "2020-01-01", "MD5", "²",
                       "é", "\ud800", "I", "i", "w", "1e400", "9" * 5000, '"\\ud800"']),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["a", "b", "n", "x", "y"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


INPUTS = st.fixed_dictionaries({"a": VALUES, "n": VALUES})


@pytest.mark.parametrize("at", range(len(MACHINES)))
def test_every_machine_used_here_is_valid(at: int) -> None:
    found, diagnostics = load(dumps(MACHINES[at]))
    assert found is not None, [d.text() for d in diagnostics]


def play(definition: dict[str, Any], value: Any, items: Any) -> Runner:
    def read(instruction: do.ReadItems) -> told.Report:
        if isinstance(items, list):
            return told.ItemsRead(instruction.frame, instruction.run_arn, items)
        return told.ItemsUnreadable(instruction.frame, instruction.run_arn, "unreadable")

    return run(definition, value, tasks=echo, read_items=read, until_ms=10**17)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(MACHINES), VALUES | st.fixed_dictionaries({"a": VALUES, "n": VALUES}), VALUES
)
def test_an_execution_fails_as_on_aws_or_succeeds(
    definition: dict[str, Any], value: Any, items: Any
) -> None:
    ended = play(definition, value, items).live.execution
    assert ended.status in ("SUCCEEDED", "FAILED")
    if ended.status == "FAILED":
        assert ended.error is not None
        assert ended.error.startswith("States.")


def test_what_is_no_number_is_null_next_to_an_integer_of_any_size() -> None:
    assert dumps([float("inf"), 10**20, {"x": float("nan")}]) == f'[null,{10**20},{{"x":null}}]'
    assert dumps([float("inf"), 1]) == "[null,1]"


def test_half_a_pair_is_read_as_it_was_written() -> None:
    """A substring may cut a character of two halves: the next state reads what it made."""
    assert loads(dumps(["\ud83d", 10**30])) == ["\ud83d", 10**30]
    assert loads(dumps({"\udc00": 1.5})) == {"\udc00": 1.5}
    ended = play(MACHINES[0], {"a": "\ud800", "n": 1}, None).live.execution
    assert (ended.status, ended.error) == ("FAILED", "States.ResultPathMatchFailure")
    for wrong in ('"\\ud800', '["\\ud800", 1e400]'):
        with pytest.raises(ValueError, match=r"line 1 column|infinity"):
            loads(wrong)
