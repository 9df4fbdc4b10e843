"""Tasks that others do: callbacks, activities, nested executions, Express callers who wait."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.kernel import Context
from tests.services.lambda_ import support as functions
from tests.services.stepfunctions.service.driving import (
    PASS,
    call,
    describe,
    ended,
    kinds,
    machine,
    output,
    refused,
    run,
    start,
    states,
    task,
)
from tests.support.world import ACCOUNT, REGION, World

CALLBACK = task(
    "arn:aws:states:::lambda:invoke.waitForTaskToken",
    Parameters={"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}},
)


@pytest.fixture
def tokens(world: World) -> list[str]:
    functions.create(world, "f")
    seen: list[str] = []
    world.compute.handlers["f"] = lambda event, _spec: seen.append(event["token"])
    return seen


def test_a_callback_succeeds_once(world: World, tokens: list[str]) -> None:
    arn = start(world, machine(world, states(("T", CALLBACK))))
    world.advance(3600)
    assert describe(world, arn)["status"] == "RUNNING"
    assert kinds(world, arn)[-1] == "TaskSubmitted"
    bad = refused(world, "SendTaskSuccess", taskToken=tokens[0], output="{")
    assert bad.code == "InvalidOutput"
    call(world, "SendTaskSuccess", taskToken=tokens[0], output='{"ok": true}')
    assert output(describe(world, arn)) == {"ok": True}
    late = refused(world, "SendTaskSuccess", taskToken=tokens[0], output="{}")
    assert (late.code, late.message) == (
        "TaskTimedOut",
        "Task Timed Out: 'Provided task does not exist anymore'",
    )
    wrong = refused(world, "SendTaskFailure", taskToken="nonsense")
    assert (wrong.code, wrong.message) == ("InvalidToken", "Invalid Token: 'Invalid token'")


def traced(world: World, id: str) -> list[tuple[str, str]]:
    """(operation, what it was about) of a trace's requests."""
    found = world.call("owari", "GetTrace", Id=id)["Spans"]
    return [
        (span["Name"].partition(":")[2], span.get("Subject", ""))
        for span in found
        if span["Kind"] == "request"
    ]


def test_an_activity_s_worker_is_part_of_the_execution_s_trace(world: World) -> None:
    activity = call(world, "CreateActivity", name="approve")["activityArn"]
    arn = start(world, machine(world, states(("A", task(activity)), ("B", task(activity)))))
    tokens = []
    for _ in "AB":
        token = call(world, "GetActivityTask", activityArn=activity)["taskToken"]
        call(world, "SendTaskHeartbeat", taskToken=token)
        call(world, "SendTaskSuccess", taskToken=token, output="{}")
        tokens.append(token)
    world.crash()
    machine_arn = describe(world, arn)["stateMachineArn"]
    expected = [("StartExecution", machine_arn)]
    for token in tokens:
        expected += [("GetActivityTask", activity), ("SendTaskSuccess", token)]
    assert traced(world, arn) == expected
    assert traced(world, tokens[1]) == expected


def test_a_worker_with_a_trace_of_its_own_stays_in_it(world: World, tokens: list[str]) -> None:
    arn = start(world, machine(world, states(("T", CALLBACK))))
    world.settle()
    header = "Root=1-2-3;Parent=00000000000000aa;Sampled=0"
    call(world, "SendTaskSuccess", taskToken=tokens[0], output="{}", trace_id=header)
    assert traced(world, "1-2-3") == [("SendTaskSuccess", tokens[0])]
    assert ("SendTaskSuccess", tokens[0]) not in traced(world, arn)


def test_a_callback_fails(world: World, tokens: list[str]) -> None:
    arn = start(world, machine(world, states(("T", CALLBACK))))
    world.settle()
    call(world, "SendTaskFailure", taskToken=tokens[0], error="E", cause="C")
    told = describe(world, arn)
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "E", "C")


def test_heartbeats_keep_a_callback_alive(world: World, tokens: list[str]) -> None:
    definition = states(("T", {**CALLBACK, "HeartbeatSeconds": 10}))
    arn = start(world, machine(world, definition))
    for _ in range(5):
        world.advance(8)
        call(world, "SendTaskHeartbeat", taskToken=tokens[0])
    assert describe(world, arn)["status"] == "RUNNING"
    world.advance(11)
    told = describe(world, arn)
    assert (told["status"], told["error"]) == ("FAILED", "States.Timeout")
    assert refused(world, "SendTaskHeartbeat", taskToken=tokens[0]).code == "TaskTimedOut"
    assert not world.effects()


def activity(world: World, **fields: Any) -> tuple[str, str]:
    made = call(world, "CreateActivity", name="a")["activityArn"]
    return made, machine(world, states(("T", task(made, **fields))))


def test_a_worker_takes_an_activitys_task(world: World) -> None:
    arn, made = activity(world)
    first, second = start(world, made, {"n": 1}), start(world, made, {"n": 2})
    taken = call(world, "GetActivityTask", activityArn=arn, workerName="w")
    assert json.loads(taken["input"]) == {"n": 1}
    call(world, "SendTaskSuccess", taskToken=taken["taskToken"], output='"done"')
    assert output(describe(world, first)) == "done"
    assert kinds(world, first)[2:5] == [
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
    ]
    taken = call(world, "GetActivityTask", activityArn=arn)
    call(world, "SendTaskFailure", taskToken=taken["taskToken"], error="E")
    assert describe(world, second)["error"] == "E"


def test_a_worker_waits_for_a_task_or_a_minute(world: World) -> None:
    arn, made = activity(world)
    before = world.clock.now()
    assert call(world, "GetActivityTask", activityArn=arn) == {}
    assert world.clock.now() - before == pytest.approx(60, abs=1)
    answers: list[Any] = []
    work = world.kernel.operation_work(
        Context(ACCOUNT, REGION, "arn:aws:iam::1:root", "r", "t"),
        "stepfunctions",
        "GetActivityTask",
        {"activityArn": arn},
        lambda result, error: answers.append(result or error),
    )
    world.kernel.submit(work)
    world.settle()
    assert not answers
    start(world, made, {"n": 3})
    world.settle()
    assert json.loads(answers[0]["input"]) == {"n": 3}


def test_nobody_takes_an_activitys_task_in_time(world: World) -> None:
    arn, made = activity(world, TimeoutSeconds=30)
    told = ended(world, start(world, made), 31)
    assert told["error"] == "States.Timeout"
    assert call(world, "GetActivityTask", activityArn=arn) == {}


SYNC = "arn:aws:states:::states:startExecution"


@pytest.mark.parametrize(("pattern", "expected"), [(".sync", '{"x":1}'), (".sync:2", {"x": 1})])
def test_a_nested_execution_is_waited_for(world: World, pattern: str, expected: Any) -> None:
    waits = states(("W", {"Type": "Wait", "Seconds": 30}), ("P", {"Type": "Pass"}))
    inner = machine(world, waits, "inner")
    outer = states(
        ("T", task(SYNC + pattern, Parameters={"StateMachineArn": inner, "Input": {"x": 1}}))
    )
    arn = start(world, machine(world, outer, "outer"))
    world.advance(10)
    assert kinds(world, arn)[-1] == "TaskSubmitted"
    made = output(ended(world, arn))
    assert (made["Status"], made["Output"]) == ("SUCCEEDED", expected)


def test_a_nested_execution_that_fails(world: World) -> None:
    inner = machine(world, states(("F", {"Type": "Fail", "Error": "Bad"})), "inner")
    outer = states(("T", task(f"{SYNC}.sync:2", Parameters={"StateMachineArn": inner})))
    told = run(world, outer, name="outer")
    assert told["error"] == "States.TaskFailed"
    assert json.loads(told["cause"])["Error"] == "Bad"


def test_stopping_stops_what_is_nested(world: World) -> None:
    inner = machine(world, states(("W", {"Type": "Wait", "Seconds": 3000})), "inner")
    outer = states(("T", task(f"{SYNC}.sync", Parameters={"StateMachineArn": inner, "Name": "n"})))
    arn = start(world, machine(world, outer, "outer"))
    world.settle()
    call(world, "StopExecution", executionArn=arn)
    world.settle()
    nested = inner.replace("stateMachine", "execution") + ":n"
    assert describe(world, nested)["status"] == "ABORTED"
    assert not world.effects()


def test_starting_only_is_done_when_it_is_started(world: World) -> None:
    inner = machine(world, states(("W", {"Type": "Wait", "Seconds": 3000})), "inner")
    outer = states(("T", task(SYNC, Parameters={"StateMachineArn": inner})))
    made = output(ended(world, start(world, machine(world, outer, "outer")), 1))
    assert made["ExecutionArn"].startswith(inner.replace("stateMachine", "execution"))


# ---- Express
def express(world: World, definition: Any, **params: Any) -> Any:
    arn = machine(world, definition, "e", type="EXPRESS")
    return call(world, "StartSyncExecution", stateMachineArn=arn, **params)


def test_an_express_caller_gets_the_result(world: World) -> None:
    told = express(world, PASS, input='{"a": 1}', name="n")
    assert (told["status"], told["output"], told["name"]) == ("SUCCEEDED", '{"a":1}', "n")
    assert ":express:e:n:" in told["executionArn"]
    assert told["billingDetails"]["billedDurationInMilliseconds"] == 100


def test_an_express_caller_waits(world: World) -> None:
    definition = states(("W", {"Type": "Wait", "Seconds": 20}), ("P", {"Type": "Pass"}))
    before = world.clock.now()
    told = express(world, definition, input='{"a": 1}')
    assert (told["status"], told["output"]) == ("SUCCEEDED", '{"a":1}')
    assert world.clock.now() - before == pytest.approx(20, abs=1)
    assert not world.effects()
    assert not world.kernel.reader.execute("SELECT * FROM sfn_live").fetchall()
    assert not world.kernel.reader.execute("SELECT * FROM sfn_sync").fetchall()


def test_an_express_execution_has_five_minutes(world: World) -> None:
    told = express(world, states(("W", {"Type": "Wait", "Seconds": 900})))
    assert told["status"] == "TIMED_OUT"


def test_express_and_standard_operations_do_not_mix(world: World) -> None:
    standard = machine(world, PASS)
    wrong = refused(world, "StartSyncExecution", stateMachineArn=standard)
    assert wrong.code == "StateMachineTypeNotSupported"
    arn = machine(world, PASS, "e", type="EXPRESS")
    assert refused(world, "ListExecutions", stateMachineArn=arn).code == (
        "StateMachineTypeNotSupported"
    )
    run_arn = start(world, arn)
    for operation in ("DescribeExecution", "StopExecution", "GetExecutionHistory"):
        error = refused(world, operation, executionArn=run_arn)
        assert error.message == ("Invalid Arn: 'Resource type not valid in this context: express'")


def test_an_express_execution_as_a_task_is_waited_for(world: World) -> None:
    """The call parks, and what it began before that is kept, also when the server is killed."""
    waits = states(("W", {"Type": "Wait", "Seconds": 20}), ("P", {"Type": "Pass"}))
    inner = machine(world, waits, "inner", type="EXPRESS")
    sync = task(
        "arn:aws:states:::aws-sdk:sfn:startSyncExecution",
        Parameters={"StateMachineArn": inner, "Input": {"x": 1}},
    )
    arn = start(world, machine(world, states(("T", sync)), "outer"))
    world.advance(5)
    world.crash()
    made = output(ended(world, arn, 20))
    assert (made["Status"], made["Output"]) == ("SUCCEEDED", '{"x":1}')
    assert not world.effects()
