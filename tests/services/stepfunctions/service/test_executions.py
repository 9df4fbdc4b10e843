"""Executions: starting, telling of them, stopping, histories, timers, tasks."""

from __future__ import annotations

import itertools
import json

import pytest

from owari.compute.fake import FunctionError
from tests.services.lambda_ import support as functions
from tests.services.stepfunctions.service.driving import (
    PASS,
    call,
    describe,
    ended,
    history,
    kinds,
    machine,
    output,
    refused,
    run,
    start,
    states,
    task,
)
from tests.support.world import World

GO_ON = {"Variable": "$.x", "IsPresent": True, "Next": "C"}


def test_a_pass_state_ends_in_the_transaction_that_starts_it(world: World) -> None:
    arn = start(world, machine(world, PASS), {"a": 1})
    told = describe(world, arn)
    assert told["status"] == "SUCCEEDED"
    assert json.loads(told["output"]) == {"a": 1}
    assert kinds(world, arn) == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert not world.effects()


def test_a_wait_takes_its_time_and_leaves_no_timer(world: World) -> None:
    definition = states(("W", {"Type": "Wait", "Seconds": 60}), ("P", {"Type": "Pass"}))
    arn = start(world, machine(world, definition))
    world.advance(59)
    assert describe(world, arn)["status"] == "RUNNING"
    world.advance(2)
    told = describe(world, arn)
    assert told["status"] == "SUCCEEDED"
    assert told["stopDate"] - told["startDate"] == pytest.approx(60, abs=0.01)
    assert not world.effects()


def test_a_function_is_invoked_and_its_answer_wrapped(world: World) -> None:
    functions.create(world, "f")
    world.compute.handlers["f"] = lambda event, _spec: {"got": event}
    invoke = task(
        "arn:aws:states:::lambda:invoke", Parameters={"FunctionName": "f", "Payload.$": "$"}
    )
    made = output(run(world, states(("T", invoke)), {"x": 1}))
    assert made["Payload"] == {"got": {"x": 1}}
    assert made["ExecutedVersion"] == "$LATEST"
    assert made["StatusCode"] == made["SdkHttpMetadata"]["HttpStatusCode"] == 200
    direct = output(run(world, states(("T", task(functions.arn("f")))), {"y": 2}, "direct"))
    assert direct == {"got": {"y": 2}}


@pytest.mark.parametrize("answer", [b"hello", b"\xff", b"[" * 950 + b"]" * 950])
def test_an_answer_that_is_no_json_is_a_string(world: World, answer: bytes) -> None:
    functions.create(world, "f")
    world.compute.handlers["f"] = lambda _event, _spec: answer
    invoke = task("arn:aws:states:::lambda:invoke", Parameters={"FunctionName": "f"})
    text = answer.decode("utf-8", "replace")
    assert output(run(world, states(("T", invoke))))["Payload"] == text
    assert output(run(world, states(("T", task(functions.arn("f")))), {}, "direct")) == text


def test_an_input_nested_too_deeply_is_refused(world: World) -> None:
    arn = machine(world, PASS)
    for depth, code in ((900, None), (901, "InvalidExecutionInput")):
        text = "[" * depth + "]" * depth
        if code is None:
            made = call(world, "StartExecution", stateMachineArn=arn, input=text)
            world.settle()
            assert describe(world, made["executionArn"])["output"] == text
        else:
            error = refused(world, "StartExecution", stateMachineArn=arn, input=text)
            assert error.code == code


def test_numbers_of_any_length_but_infinity(world: World) -> None:
    arn = machine(world, PASS)
    long = '{"n":' + "9" * 40 + "}"
    made = call(world, "StartExecution", stateMachineArn=arn, input=long)
    world.settle()
    assert describe(world, made["executionArn"])["output"] == long
    for text in ("[1e400]", f"[1e400,{'9' * 40}]"):
        error = refused(world, "StartExecution", stateMachineArn=arn, input=text)
        assert error.code == "InvalidExecutionInput"


def test_a_function_that_raises_is_retried_then_caught(world: World) -> None:
    functions.create(world, "f")
    tries: list[float] = []

    def handler(_event: object, _spec: object) -> object:
        tries.append(world.clock.now())
        raise FunctionError("Boom", "no")

    world.compute.handlers["f"] = handler
    definition = states(
        (
            "T",
            task(
                functions.arn("f"),
                Retry=[{"ErrorEquals": ["Boom"], "IntervalSeconds": 2, "MaxAttempts": 2}],
                Catch=[{"ErrorEquals": ["States.ALL"], "Next": "C", "ResultPath": "$.error"}],
            ),
        ),
        ("C", {"Type": "Pass"}),
    )
    made = output(run(world, definition))
    assert made["error"]["Error"] == "Boom"
    assert json.loads(made["error"]["Cause"])["errorMessage"] == "no"
    assert [round(b - a) for a, b in itertools.pairwise(tries)] == [2, 4]


def test_a_task_that_takes_too_long_times_out(world: World) -> None:
    functions.create(world, "f", Timeout=900)
    world.compute.duration = lambda _spec: 500.0
    told = run(world, states(("T", task(functions.arn("f"), TimeoutSeconds=5))))
    assert (told["status"], told["error"]) == ("FAILED", "States.Timeout")
    assert not world.effects()


def test_an_operation_that_is_not_there_fails_the_task_truthfully(world: World) -> None:
    resource = "arn:aws:states:::aws-sdk:kinesis:putRecord"
    told = run(
        world,
        states(("T", task(resource, Parameters={"Data": "x", "PartitionKey": "k"}))),
    )
    assert told["error"] == "Kinesis.NotImplementedException"
    assert told["cause"].startswith("Owari does not implement kinesis:PutRecord.")


def test_sdk_integrations_speak_pascal_case(world: World) -> None:
    world.call("s3", "CreateBucket", Bucket="bucket")
    definition = states(
        (
            "Put",
            task(
                "arn:aws:states:::aws-sdk:s3:putObject",
                Parameters={"Bucket": "bucket", "Key": "k", "Body": {"a": 1}},
                ResultPath=None,
            ),
        ),
        (
            "Get",
            task(
                "arn:aws:states:::aws-sdk:s3:getObject",
                Parameters={"Bucket": "bucket", "Key": "k"},
                ResultSelector={"body.$": "$.Body", "length.$": "$.ContentLength"},
            ),
        ),
    )
    assert output(run(world, definition)) == {"body": '{"a":1}', "length": 7}
    missing = run(
        world,
        states(
            (
                "G",
                task(
                    "arn:aws:states:::aws-sdk:s3:getObject",
                    Parameters={"Bucket": "bucket", "Key": "z"},
                ),
            )
        ),
        name="missing",
    )
    assert missing["error"] == "S3.NoSuchKeyException"
    assert missing["cause"].startswith("The specified key does not exist. (Service: S3, Status")


def test_starting_is_idempotent_by_name_while_it_runs(world: World) -> None:
    waiting = machine(world, states(("W", {"Type": "Wait", "Seconds": 60})))
    first = start(world, waiting, {"a": 1}, name="n")
    assert start(world, waiting, {"a": 1}, name="n") == first
    other = refused(world, "StartExecution", stateMachineArn=waiting, name="n", input='{"a": 2}')
    assert (other.code, other.message) == (
        "ExecutionAlreadyExists",
        f"Execution Already Exists: '{first}'",
    )
    world.advance(61)
    assert (
        refused(world, "StartExecution", stateMachineArn=waiting, name="n", input='{"a": 1}').code
        == "ExecutionAlreadyExists"
    )


def test_bad_input_is_refused(world: World) -> None:
    arn = machine(world, PASS)
    assert refused(world, "StartExecution", stateMachineArn=arn, input="{").code == (
        "InvalidExecutionInput"
    )
    assert refused(world, "StartExecution", stateMachineArn=arn, name="a b").code == "InvalidName"
    assert refused(world, "StartExecution", stateMachineArn="nonsense").code == "InvalidArn"
    gone = refused(world, "StartExecution", stateMachineArn=f"{arn}x")
    assert gone.message == f"State Machine Does Not Exist: '{arn}x'"
    assert (
        refused(
            world, "DescribeExecution", executionArn=arn.replace("stateMachine", "execution") + ":x"
        ).code
        == "ExecutionDoesNotExist"
    )


def test_stopping_aborts_and_leaves_nothing_behind(world: World) -> None:
    definition = states(
        (
            "P",
            {
                "Type": "Parallel",
                "Branches": [
                    states((f"W{at}", {"Type": "Wait", "Seconds": 600})) for at in range(3)
                ],
            },
        )
    )
    definition["TimeoutSeconds"] = 900
    arn = start(world, machine(world, definition))
    world.settle()
    assert len(world.effects()) == 4
    call(world, "StopExecution", executionArn=arn, error="E", cause="C")
    told = describe(world, arn)
    assert (told["status"], told["error"], told["cause"]) == ("ABORTED", "E", "C")
    assert kinds(world, arn)[-1] == "ExecutionAborted"
    assert not world.effects()
    call(world, "StopExecution", executionArn=arn)
    assert describe(world, arn)["error"] == "E"


def test_the_machines_own_timeout(world: World) -> None:
    definition = states(("W", {"Type": "Wait", "Seconds": 600})) | {"TimeoutSeconds": 10}
    told = run(world, definition)
    assert told["status"] == "TIMED_OUT"
    assert not world.effects()


def test_listing_pages_and_filters(world: World) -> None:
    arn = machine(world, PASS)
    waiting = machine(world, states(("W", {"Type": "Wait", "Seconds": 60})), "w")
    for _ in range(5):
        start(world, arn)
    alive = start(world, waiting)
    first = call(world, "ListExecutions", stateMachineArn=arn, maxResults=3)
    rest = call(
        world, "ListExecutions", stateMachineArn=arn, maxResults=3, nextToken=first["nextToken"]
    )
    names = [e["name"] for page in (first, rest) for e in page["executions"]]
    assert len(set(names)) == 5 and "nextToken" not in rest
    running = call(world, "ListExecutions", stateMachineArn=waiting, statusFilter="RUNNING")
    assert [e["executionArn"] for e in running["executions"]] == [alive]
    assert not call(world, "ListExecutions", stateMachineArn=arn, statusFilter="FAILED")[
        "executions"
    ]
    assert (
        refused(world, "ListExecutions", stateMachineArn=arn, nextToken="x").code == "InvalidToken"
    )


def test_history_pages_forwards_and_backwards(world: World) -> None:
    loop = states(*((f"S{n}", {"Type": "Pass"}) for n in range(300)))
    arn = start(world, machine(world, loop))
    ended(world, arn, 1)
    events = history(world, arn)
    assert [e["id"] for e in events] == list(range(1, 603))
    back: list[int] = []
    token: dict[str, str] = {}
    while True:
        page = call(
            world,
            "GetExecutionHistory",
            executionArn=arn,
            reverseOrder=True,
            maxResults=250,
            **token,
        )
        back += [e["id"] for e in page["events"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert back == list(range(602, 0, -1))
    bare = call(
        world, "GetExecutionHistory", executionArn=arn, maxResults=1, includeExecutionData=False
    )
    assert "input" not in bare["events"][0]["executionStartedEventDetails"]


def test_a_machine_updated_while_executions_run(world: World) -> None:
    arn = machine(world, states(("W", {"Type": "Wait", "Seconds": 60}), ("Old", {"Type": "Pass"})))
    running = start(world, arn)
    updated = call(world, "UpdateStateMachine", stateMachineArn=arn, definition=json.dumps(PASS))
    world.advance(61)
    assert "Old" in [
        e["stateEnteredEventDetails"]["name"]
        for e in history(world, running)
        if e["type"].endswith("Entered")
    ]
    assert kinds(world, start(world, arn))[1] == "PassStateEntered"
    told = call(world, "DescribeStateMachine", stateMachineArn=arn)
    assert told["revisionId"] == updated["revisionId"]
    kept = call(world, "DescribeStateMachineForExecution", executionArn=running)
    assert "Old" in kept["definition"]


def test_an_event_limit_of_25_000(world: World) -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {"Type": "Choice", "Choices": [GO_ON], "Default": "A"},
            "C": {"Type": "Succeed"},
        },
    }
    arn = start(world, machine(world, definition))
    told = ended(world, arn, 10)
    assert told["status"] == "FAILED"
    assert "maximum number of history events" in told["cause"]
    events = history(world, arn)
    assert [e["id"] for e in events] == list(range(1, 25_001))


def test_credentials_act_in_another_account(world: World) -> None:
    functions.create(world, "f", account="222222222222")
    world.compute.handlers["f"] = lambda _event, spec: spec["account"]
    invoke = task(
        "arn:aws:states:::lambda:invoke",
        Parameters={"FunctionName": "f"},
        Credentials={"RoleArn": "arn:aws:iam::222222222222:role/other"},
        OutputPath="$.Payload",
    )
    wait = {"Type": "Wait", "Seconds": 1}
    assert output(run(world, states(("T", invoke), ("W", wait)))) == "222222222222"
    assert not world.effects()
