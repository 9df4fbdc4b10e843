"""Durable executions in a simulated world: over hours, through kills of server and agent."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.compute.fake import FunctionError, SystemFailure
from owari.effects import Run
from owari.errors import ServiceError
from tests.services.lambda_.durable.fake_sdk import FakeContext, durable
from tests.services.lambda_.support import Neighbour, create, refusal, world_with
from tests.support.world import Disconnected, World

DLQ = "arn:aws:sqs:us-east-1:000000000000:dead"


@pytest.fixture
def neighbour() -> Neighbour:
    return Neighbour()


@pytest.fixture
def world(tmp_path: Path, neighbour: Neighbour) -> Iterator[World]:
    made = world_with(tmp_path, neighbour)
    yield made
    made.close()


def function(world: World, name: str, program: Any, **settings: Any) -> None:
    config = {"ExecutionTimeout": settings.pop("timeout_s", 3600), "RetentionPeriodInDays": 1}
    create(world, name, DurableConfig=config, **settings)
    world.compute.handlers[name] = durable(world, program)


def begin(world: World, name: str, event: Any = None, **more: Any) -> str:
    arn: str = persistently(
        world,
        "Invoke",
        FunctionName=f"{name}:$LATEST",
        InvocationType="Event",
        Payload=json.dumps(event).encode(),
        **more,
    )["DurableExecutionArn"]
    return arn


def persistently(world: World, operation: str, **params: Any) -> dict[str, Any]:
    while True:
        try:
            return world.call("lambda", operation, **params)
        except Disconnected:
            continue


def shown(world: World, arn: str) -> dict[str, Any]:
    return world.call("lambda", "GetDurableExecution", DurableExecutionArn=arn)


def events(world: World, arn: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    while True:
        page = world.call(
            "lambda",
            "GetDurableExecutionHistory",
            DurableExecutionArn=arn,
            IncludeExecutionData=True,
            MaxItems=7,
            **more,
        )
        found += page["Events"]
        if "NextMarker" not in page:
            return found
        more = {"Marker": page["NextMarker"]}


def kinds(world: World, arn: str) -> list[str]:
    return [event["EventType"] for event in events(world, arn)]


def open_callbacks(world: World, arn: str) -> list[str]:
    return [
        event["CallbackStartedDetails"]["CallbackId"]
        for event in events(world, arn)
        if event["EventType"] == "CallbackStarted"
    ]


def test_waiting_costs_no_invocation(world: World) -> None:
    def program(context: FakeContext) -> str:
        context.wait("1", 3000)
        return "rested"

    function(world, "f", program)
    arn = begin(world, "f")
    world.advance(2990)
    assert shown(world, arn)["Status"] == "RUNNING" and len(world.compute.started) == 1
    world.advance(20)
    assert shown(world, arn)["Status"] == "SUCCEEDED" and len(world.compute.started) == 2
    assert shown(world, arn)["Result"] == '"rested"'


def test_the_execution_times_out_whatever_it_waits_for(world: World, neighbour: Neighbour) -> None:
    function(
        world,
        "f",
        lambda context: context.callback("1"),
        timeout_s=600,
        DeadLetterConfig={"TargetArn": DLQ},
    )
    arn = begin(world, "f", {"n": 1})
    world.advance(599)
    assert shown(world, arn)["Status"] == "RUNNING"
    world.advance(2)
    assert shown(world, arn)["Status"] == "TIMED_OUT"
    assert kinds(world, arn)[-1] == "ExecutionTimedOut"
    assert [call["MessageBody"] for call in neighbour.calls("sqs:SendMessage")] == ['{"n": 1}']
    assert world.effects() == []


def test_a_silent_callback_times_out_and_a_heartbeat_keeps_it(world: World) -> None:
    function(world, "f", lambda context: context.callback("1", HeartbeatTimeoutSeconds=60))
    arn = begin(world, "f")
    world.settle()
    (id,) = open_callbacks(world, arn)
    for _ in range(5):
        world.advance(50)
        world.call("lambda", "SendDurableExecutionCallbackHeartbeat", CallbackId=id)
    world.advance(50)
    assert shown(world, arn)["Status"] == "RUNNING"
    world.advance(20)
    assert shown(world, arn)["Status"] == "FAILED"
    late = refusal(
        lambda: world.call("lambda", "SendDurableExecutionCallbackSuccess", CallbackId=id)
    )
    assert late.code == "CallbackTimeoutException"


def test_failing_invocations_are_tried_five_times(world: World) -> None:
    def crash(_event: Any, _spec: Any) -> Any:
        raise FunctionError("Runtime.ExitError", "exit status 1")

    function(world, "f", lambda context: None)
    world.compute.handlers["f"] = crash
    arn = begin(world, "f")
    world.advance(60)
    assert shown(world, arn)["Status"] == "FAILED"
    assert shown(world, arn)["Error"]["ErrorType"] == "Runtime.ExitError"
    assert kinds(world, arn).count("InvocationCompleted") == 5


def test_pending_for_nothing_fails(world: World) -> None:
    function(world, "f", lambda context: None)
    world.compute.handlers["f"] = lambda _event, _spec: {"Status": "PENDING"}
    arn = begin(world, "f")
    world.advance(60)
    assert "no pending operations" in shown(world, arn)["Error"]["ErrorMessage"]


def test_a_token_is_good_once(world: World) -> None:
    seen: list[str] = []

    def program(context: FakeContext) -> str:
        seen.append(context.token)
        context.step("1", lambda _: "one")
        stale = context.token
        context.step("2", lambda _: "two")
        for token in (seen[0], stale):
            context.token, kept = token, context.token
            wrong = refusal(lambda: context.checkpoint("3", "STEP", "START"))
            assert wrong.message == "Invalid checkpoint token"
            context.token = kept
        return "done"

    function(world, "f", program)
    arn = begin(world, "f")
    world.settle()
    assert shown(world, arn)["Status"] == "SUCCEEDED"
    late = refusal(
        lambda: world.call(
            "lambda", "CheckpointDurableExecution", DurableExecutionArn=arn, CheckpointToken=seen[0]
        )
    )
    assert late.message == "Invalid checkpoint token"


def test_many_operations_come_in_pages_and_no_more_than_3000(world: World) -> None:
    def program(context: FakeContext) -> int:
        if "s0" not in context.ops:
            step = {"Type": "STEP", "Action": "SUCCEED", "Payload": "1"}
            every = [{"Id": f"s{n}", **step} for n in range(context.input)]
            for n in range(0, len(every), 250):
                context.checkpoint_all(every[n : n + 250])
        context.wait("w", 1)
        return len(context.ops)

    function(world, "f", program)
    enough, many = begin(world, "f", 2999), begin(world, "f", 3001)
    world.advance(60)
    assert shown(world, enough)["Result"] == "3001"  # with the wait, and the execution itself
    assert "3000 operations" in shown(world, many)["Error"]["ErrorMessage"]


def test_what_is_past_its_retention_is_gone_and_its_name_free(world: World) -> None:
    function(world, "f", lambda context: context.input)
    first = begin(world, "f", 1, DurableExecutionName="n")
    world.advance(86_400 + 10)
    assert refusal(lambda: shown(world, first)).code == "ResourceNotFoundException"
    second = begin(world, "f", 2, DurableExecutionName="n")
    assert second != first
    world.settle()
    assert shown(world, second)["Result"] == "2"


def test_a_synchronous_caller_waits_for_the_end(world: World) -> None:
    def program(context: FakeContext) -> str:
        context.wait("1", 100)
        return "ok"

    function(world, "f", program, timeout_s=900)
    answer = world.call("lambda", "Invoke", FunctionName="f:$LATEST", Payload=b"{}")
    assert answer["Payload"] == b'"ok"' and "DurableExecutionArn" in answer


def test_malformed_calls_are_the_callers_fault(world: World) -> None:
    function(world, "f", lambda context: context.callback("1"))
    arn = begin(world, "f")
    world.settle()
    for operation, params in (
        ("GetDurableExecution", {"DurableExecutionArn": "arn:nonsense"}),
        ("GetDurableExecution", {"DurableExecutionArn": arn + "0"}),
        ("GetDurableExecutionHistory", {"DurableExecutionArn": arn, "Marker": "?"}),
        ("GetDurableExecutionState", {"DurableExecutionArn": arn, "CheckpointToken": "x"}),
        ("CheckpointDurableExecution", {"DurableExecutionArn": arn, "CheckpointToken": "x"}),
        ("SendDurableExecutionCallbackFailure", {"CallbackId": "Yjo5OTk6MTo="}),
        ("SendDurableExecutionCallbackHeartbeat", {"CallbackId": "%"}),
        ("ListDurableExecutionsByFunction", {"FunctionName": "g"}),
        ("StopDurableExecution", {"DurableExecutionArn": arn.replace(":f:", ":g:")}),
    ):
        wrong = refusal(lambda o=operation, p=params: world.call("lambda", o, **p))  # type: ignore[misc]
        assert wrong.code in ("InvalidParameterValueException", "ResourceNotFoundException")


def test_an_event_nobody_could_run_keeps_to_its_age(world: World, neighbour: Neighbour) -> None:
    function(world, "f", lambda context: "done", DeadLetterConfig={"TargetArn": DLQ})
    config = {"FunctionName": "f", "Qualifier": "$LATEST", "MaximumEventAgeInSeconds": 60}
    world.call("lambda", "PutFunctionEventInvokeConfig", **config)
    works = world.compute.handlers["f"]

    def throttled(_event: Any, _spec: Any) -> Any:
        raise SystemFailure("throttled")

    world.compute.handlers["f"] = throttled
    tired, stopped = begin(world, "f"), begin(world, "f")
    world.call("lambda", "StopDurableExecution", DurableExecutionArn=stopped)
    world.advance(120)
    assert shown(world, tired)["Status"] == "FAILED"
    assert shown(world, tired)["Error"]["ErrorType"] == "EventAgeExceeded"
    assert len(neighbour.calls("sqs:SendMessage")) == 2  # the stopped one, too
    world.compute.handlers["f"] = works
    again = begin(world, "f")
    world.settle()
    assert shown(world, again)["Status"] == "SUCCEEDED"


def test_a_throttled_target_is_asked_again_while_the_execution_lasts(world: World) -> None:
    function(world, "f", lambda context: context.invoke("1", "plain", {"n": 1}))
    create(world, "plain")
    world.call(
        "lambda",
        "PutFunctionConcurrency",
        FunctionName="plain",
        ReservedConcurrentExecutions=0,
    )
    patient, stopped = begin(world, "f"), begin(world, "f")
    world.advance(100)
    assert shown(world, patient)["Status"] == "RUNNING"
    world.call("lambda", "StopDurableExecution", DurableExecutionArn=stopped)
    world.advance(600)
    world.call("lambda", "DeleteFunctionConcurrency", FunctionName="plain")
    world.advance(600)
    assert shown(world, patient)["Result"] == '{"n": 1}'
    assert world.effects() == []


def test_the_operations_of_a_closed_context_are_neither_sent_nor_waited_for(world: World) -> None:
    def program(context: FakeContext) -> list[str]:
        if "c" not in context.ops:
            parent = {"ParentId": "c"}
            context.checkpoint("c", "CONTEXT", "START")
            context.checkpoint("s", "STEP", "SUCCEED", Payload='"inside"', **parent)
            context.checkpoint("w", "WAIT", "START", WaitOptions={"WaitSeconds": 600}, **parent)
            context.checkpoint("c", "CONTEXT", "SUCCEED", Payload='"first of them"')
        context.wait("rest", 10)
        return sorted(id for id in context.ops if len(id) < 9)  # but for the execution's own

    function(world, "f", program)
    arn = begin(world, "f")
    world.advance(20)
    assert json.loads(shown(world, arn)["Result"]) == ["c", "rest"]
    assert len(world.compute.started) == 2


# ---- kills
def flaky(attempt: int) -> str:
    if attempt < 3:
        raise ValueError(f"attempt {attempt}")
    return "third"


def journey(context: FakeContext) -> list[Any]:
    told = [context.step("first", lambda _: "first")]
    context.wait("rest", 30)
    told.append(context.callback("gate"))
    told.append(context.invoke("plain", "plain", {"n": 1}))
    told.append(context.invoke("child", "child:$LATEST", {"n": 2}))
    told.append(context.step("flaky", flaky))
    return told


def child(context: FakeContext) -> str:
    context.wait("1", 3)
    return context.step("2", lambda _: "grown up")  # type: ignore[no-any-return]


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_or_done_twice_by_kills(world: World, seed: int) -> None:
    dice = random.Random(seed)
    function(world, "journey", journey)
    function(world, "child", child)
    create(world, "plain")
    world.compute.duration = lambda _spec: dice.random() * 3
    world.compute.duplicate = lambda: dice.random() < 0.2
    world.fault = lambda _where: dice.random() < 0.05
    arns = [begin(world, "journey", n, DurableExecutionName=f"n{n}") for n in range(3)]
    for _ in range(120):
        world.advance(dice.random() * 10)
        if dice.random() < 0.1:
            world.compute.lose()
            world.engine.agent_changed(world.compute.instance, world.compute.known())
        for arn in arns:
            answer(world, open_callbacks(world, arn))
    world.fault = lambda _where: False
    world.advance(3000)
    for arn in arns:
        assert json.loads(shown(world, arn)["Result"]) == [
            "first", "open", {"n": 1}, "grown up", "third",
        ]  # fmt: skip
        check_history(events(world, arn))
    assert not [e for e in world.effects() if isinstance(e.effect, Run)]
    left = world.kernel.reader.execute("SELECT COUNT(*) FROM lambda_durable_operation").fetchone()
    assert left[0] == 0


def answer(world: World, ids: list[str]) -> None:
    for id in ids:
        try:
            persistently(
                world, "SendDurableExecutionCallbackSuccess", CallbackId=id, Result=b"open"
            )
        except ServiceError as error:
            assert error.code == "CallbackTimeoutException", error  # answered before


def check_history(told: list[dict[str, Any]]) -> None:
    """Numbered without a gap; each operation begins once and ends once, the execution last."""
    assert [event["EventId"] for event in told] == list(range(1, len(told) + 1))
    names = [(event["EventType"], event.get("Id")) for event in told]
    once = [n for n in names if n[0].endswith("Succeeded") or n[0] in ("WaitStarted",)]
    assert len(once) == len(set(once))
    assert names.count(("StepFailed", "flaky")) == 2
    assert [n[0] for n in names].count("ExecutionSucceeded") == 1
