"""TestState and RedriveExecution through the API."""

from __future__ import annotations

import json
from typing import Any

from owari.compute.fake import FunctionError
from tests.services.lambda_ import support as functions
from tests.services.stepfunctions.service.driving import (
    ROLE,
    call,
    ended,
    machine,
    output,
    refused,
    start,
    states,
    task,
)
from tests.support.world import World


def inspect(world: World, state: Any, **params: Any) -> Any:
    return call(world, "TestState", definition=json.dumps(state), **params)


def test_a_state_shows_what_it_computed(world: World) -> None:
    state = {"Type": "Pass", "InputPath": "$.a", "Next": "Elsewhere"}
    told = inspect(world, state, input='{"a": {"b": 1}}', inspectionLevel="DEBUG")
    assert (told["status"], told["nextState"]) == ("SUCCEEDED", "Elsewhere")
    assert json.loads(told["output"]) == {"b": 1}
    assert json.loads(told["inspectionData"]["afterInputPath"]) == {"b": 1}


def test_a_task_is_run_when_it_is_not_mocked(world: World) -> None:
    functions.create(world, "f")
    world.compute.handlers["f"] = lambda event, _spec: {"got": event}
    invoke = task(
        "arn:aws:states:::lambda:invoke",
        Parameters={"FunctionName": "f", "Payload.$": "$"},
        OutputPath="$.Payload",
        End=True,
    )
    assert refused(world, "TestState", definition=json.dumps(invoke)).message == (
        "RoleArn must be specified when testing a Task state"
    )
    told = inspect(world, invoke, input='{"x": 1}', roleArn=ROLE)
    assert json.loads(told["output"]) == {"got": {"x": 1}}
    assert not world.effects()


def test_a_mock_must_fit_the_api(world: World) -> None:
    publish = task(
        "arn:aws:states:::sns:publish", Parameters={"TopicArn": "t", "Message": "m"}, End=True
    )
    told = inspect(world, publish, mock={"result": '{"MessageId": "1"}'})
    assert json.loads(told["output"]) == {"MessageId": "1"}
    wrong = refused(
        world, "TestState", definition=json.dumps(publish), mock={"result": '{"MessageId": 1}'}
    )
    assert wrong.message == (
        "Mock result schema validation error: Field 'MessageId' must be a string"
    )


def test_bad_definitions_are_refused(world: World) -> None:
    for text in ("{", "[]", "{}", '{"Type": "Nonsense"}', '"x"'):
        assert refused(world, "TestState", definition=text).code == "InvalidDefinition", text


def test_a_redrive_goes_on_where_it_failed(world: World) -> None:
    functions.create(world, "f")
    broken = [True]

    def handler(event: Any, _spec: Any) -> Any:
        if broken:
            raise FunctionError("Boom", "no")
        return "fine"

    world.compute.handlers["f"] = handler
    definition = states(("A", {"Type": "Pass", "Result": 1}), ("T", task(functions.arn("f")))) | {
        "TimeoutSeconds": 1000
    }
    arn = start(world, machine(world, definition))
    told = ended(world, arn, 10)
    assert (told["error"], told["redriveStatus"]) == ("Boom", "REDRIVABLE")
    broken.clear()
    call(world, "RedriveExecution", executionArn=arn)
    told = ended(world, arn, 10)
    assert (output(told), told["redriveCount"]) == ("fine", 1)
    assert not world.effects()
    redriven = call(
        world, "ListExecutions", stateMachineArn=machine(world, definition),
        redriveFilter="REDRIVEN",
    )  # fmt: skip
    assert [e["executionArn"] for e in redriven["executions"]] == [arn]
    world.advance(10)
    assert refused(world, "RedriveExecution", executionArn=arn).message == (
        "Execution is SUCCEEDED and cannot be redriven"
    )
