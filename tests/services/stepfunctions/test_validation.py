"""Definitions that are not: AWS's codes, messages and locations, and never an exception."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from owari.services.stepfunctions.asl.diagnostics import message_of
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.validation import load
from tests.services.stepfunctions.recorded import rows

Json = dict[str, Any]
END: Json = {"Type": "Pass", "End": True}
LAMBDA = "arn:aws:lambda:us-east-1:111111111111:function:f"


def found(definition: Json, **more: Any) -> list[tuple[str, str, str | None]]:
    _, diagnostics = load(dumps(definition), **more)
    return [(d.code, d.message, d.location) for d in diagnostics]


def state(**fields: Any) -> Json:
    return {"StartAt": "A", "States": {"A": fields}}


SCHEMA, TARGET = "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET"


@pytest.mark.parametrize(
    ("definition", "message", "location"),
    [
        ({}, "These fields are required: [StartAt, States]", "/"),
        ({"StartAt": "A"}, "These fields are required: [States]", "/"),
        (state(), "These fields are required: [Type]", "/States/A"),
        (state(Type="Task", End=True), "These fields are required: [Resource]", "/States/A"),
        (state(Type="Task", Resource="f", End=True), "Value is not a valid resource ARN",
         "/States/A/Resource"),
        (state(**END, Foo=1), "Field 'Foo' is not supported", "/States/A"),
        (state(**END, TimeoutSeconds=1), "Field 'TimeoutSeconds' is not supported", "/States/A"),
        ({**state(**END), "Foo": 1}, "Field 'Foo' is not supported", "/"),
        ({**state(**END), "Version": "2"}, "Value should be one of the following: [1.0]",
         "/Version"),
        ({**state(**END), "QueryLanguage": 5}, "Expected value of type [STRING]",
         "/QueryLanguage"),
        (state(Type="Pass"), "This object should have only one of the following fields:"
         " [Next, End]", "/States/A"),
        (state(**END, Next="A"), "There should only be one of the following fields: [Next, End]",
         "/States/A"),
        (state(**END, InputPath="a"), "Value must be a valid JSONPath.", "/States/A/InputPath"),
        (state(**END, ResultPath="$..a"), "Value is not a Reference Path",
         "/States/A/ResultPath"),
        (state(**END, Parameters={"x": {"a.$": "b"}}),
         "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function"
         " call", "/States/A/Parameters/x"),
        (state(Type="Wait", Timestamp="soon", End=True), "String does not match RFC3339 timestamp",
         "/States/A/Timestamp"),
        (state(Type="Wait", Seconds=-1, End=True), "Minimum value is 0", "/States/A/Seconds"),
        (state(Type="Wait", Seconds="1", End=True), "Expected value of type Integer",
         "/States/A/Seconds"),
        (state(Type="Task", Resource=LAMBDA, TimeoutSeconds=10**8, End=True),
         "Maximum value is 99999999", "/States/A/TimeoutSeconds"),
        (state(Type="Task", Resource="arn:aws:states:::sqs:sendMessage.sync", End=True),
         "The resource provided arn:aws:states:::sqs:sendMessage.sync is not recognized. The value"
         " is not a valid resource ARN, or the resource is not available in this region.",
         "/States/A/Resource"),
        (state(Type="Choice", Choices=[]), "Value cannot be empty", "/States/A/Choices"),
        (state(Type="Choice", Choices=[{"Next": "A"}]), "The object must have only one of the"
         " following fields, [And, Or, Not, Variable, Condition]", "/States/A/Choices[0]"),
        (state(**END, QueryLanguage="JSONata", InputPath="$.a"),
         "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the"
         " 'JSONPath' QueryLanguage", "/States/A"),
        (state(**END, Output=1),
         "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the"
         " 'JSONata' QueryLanguage", "/States/A"),
        (state(Type="Task", Resource=LAMBDA, End=True, Retry=[{}]),
         "These fields are required: [ErrorEquals]", "/States/A/Retry[0]"),
        (state(Type="Task", Resource=LAMBDA, End=True, Retry=[
            {"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]),
         "States.ALL must appear alone and at end of list", "/States/A/Retry[0]/ErrorEquals"),
        (state(Type="Task", Resource=LAMBDA, End=True, Credentials={}),
         "The field 'RoleArn' is required but was missing", "/States/A/Credentials"),
        (state(Type="Map", End=True), "This object should have only one of the following fields:"
         " [ItemProcessor, Iterator]", "/States/A"),
    ],
)  # fmt: skip
def test_schema_errors(definition: Json, message: str, location: str) -> None:
    assert found(definition) == [(SCHEMA, message, location)]


def test_targets_that_are_missing_and_states_that_cannot_be_reached() -> None:
    definition = {
        "StartAt": "pass1",
        "States": {"pass1": {"Type": "Pass", "Next": "pass3"}, "pass2": END},
    }
    _, diagnostics = load(dumps(definition))
    assert message_of(diagnostics) == (
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target:"
        ' pass3 at /States/pass1/Next, MISSING_TRANSITION_TARGET: State "pass2" is not reachable.'
        " at /States/pass2'"
    )
    assert found({"StartAt": "B", "States": {"A": END}}) == [
        (TARGET, "Missing 'Next' target: B", "/StartAt"),
        (TARGET, 'State "A" is not reachable.', "/States/A"),
    ]


def test_a_machine_must_be_able_to_end() -> None:
    loop = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}
    _, diagnostics = load(dumps(loop))
    assert message_of(diagnostics).endswith(
        "'MISSING_END_STATE: Workflow has no terminal state at null'"
    )


@pytest.mark.parametrize(
    ("expression", "code", "message"),
    [
        ("phone", "UNSUPPORTED_JSONATA_EXPRESSION",
         "Reference to 'phone' at the top level is not supported."),
        ("$map($states.input.a, function($x){ b })", "UNSUPPORTED_JSONATA_EXPRESSION",
         "Reference to 'b' at the top level is not supported."),
        ("$$.a", "UNSUPPORTED_JSONATA_EXPRESSION", "Reference to '$$' is not supported."),
        ("$states.input.items[value > 3]^(>price){name: sum}", None, None),
        ("a[1,2)", "INVALID_JSONATA_EXPRESSION", None),
    ],
)  # fmt: skip
def test_what_an_expression_may_refer_to(
    expression: str, code: str | None, message: str | None
) -> None:
    definition = state(**END, QueryLanguage="JSONata", Output={"v": f"{{% {expression} %}}"})
    told = found(definition)
    if code is None:
        assert told == []
    else:
        assert (told[0][0], told[0][2]) == (code, "/States/A/Output/v")
        assert message in (None, told[0][1])


def test_variables_have_names() -> None:
    assert found(state(**END, Assign={"states": 1, "a-b": 1})) == [
        ("RESERVED_VARIABLE_NAME", "Cannot assign to reserved variable '$states'.",
         "/States/A/Assign/states"),
        ("INVALID_VARIABLE_NAME", "Invalid variable name 'a-b': the variable name contains invalid"
         " characters.", "/States/A/Assign/a-b"),
    ]  # fmt: skip


def test_names_are_unique_in_the_whole_machine() -> None:
    inner = {"StartAt": "A", "States": {"A": END}}
    definition = state(Type="Map", ItemProcessor=inner, End=True)
    assert found(definition) == [
        ("DUPLICATE_STATE_NAME", "Duplicate State name: A", "/States/A/ItemProcessor/States/A")
    ]


def test_what_express_machines_cannot_do() -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "End": True}
    assert found(state(**task)) == []
    assert found(state(**task), express=True)[0][1] == (
        "Express state machine does not support '.sync' service integration"
    )


def test_what_is_not_json() -> None:
    machine, diagnostics = load("{")
    assert machine is None
    assert diagnostics[0].code == "INVALID_JSON_DESCRIPTION"


RECORDED = [row["definition"] for row in rows("executions.jsonl") if row["kind"] == "history"]


def test_every_recorded_definition_is_valid() -> None:
    for definition in RECORDED:
        assert found(definition) == []


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    here = [path] if path else []
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return here + [place for key, item in items for place in _places(item, (*path, key))]


FULL: Json = {
    "StartAt": "M", "TimeoutSeconds": 9,
    "States": {
        "M": {
            "Type": "Map", "Next": "C", "ItemsPath": "$.i", "MaxConcurrency": 1,
            "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {
                "Bucket.$": "$.b"}, "ReaderConfig": {"InputType": "JSON", "MaxItemsPath": "$.m"}},
            "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"a.$": "$.b"}},
            "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {}},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "T", "States": {"T": {
                    "Type": "Task", "Resource": LAMBDA, "TimeoutSeconds": 4, "End": True,
                    "Retry": [{"ErrorEquals": ["E"], "BackoffRate": 2}],
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "W", "ResultPath": "$.e"}]},
                    "W": {"Type": "Wait", "Seconds": 1, "End": True}}}},
        "C": {"Type": "Choice", "Choices": [
            {"And": [{"Variable": "$.a", "StringEquals": "x"},
                     {"Not": {"Variable": "$.b", "IsPresent": True}}], "Next": "P"}],
            "Default": "J"},
        "P": {"Type": "Parallel", "Branches": [{"StartAt": "F", "States": {"F": {
            "Type": "Fail", "CausePath": "States.Format('{}', $.x)"}}}], "Next": "J"},
        "J": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"a": "{% 1 + $x %}"},
              "Assign": {"v": ["{% $states.input %}"]}, "End": True},
    },
}  # fmt: skip


def test_the_full_definition_is_valid() -> None:
    assert found(FULL) == []


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False),
    st.sampled_from(["", "$", "$.", "$$.x", "{% %}", "{% ( %}", "States.Format(", "JSONata", "x"]),
    st.just([]), st.just({}), st.just([{}]), st.just({"a.$": 1}), st.just([1]),
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_is_wrong_is_told_and_never_raised(data: st.DataObject) -> None:
    definition: Any = copy.deepcopy(FULL)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(_places(definition)))
        target = definition
        for key in place[:-1]:
            target = target[key]
        if data.draw(st.booleans()):
            target[place[-1]] = copy.deepcopy(data.draw(ODD))
        elif isinstance(target, dict):
            del target[place[-1]]
    machine, diagnostics = load(dumps(definition))
    assert (machine is None) == bool(diagnostics)
