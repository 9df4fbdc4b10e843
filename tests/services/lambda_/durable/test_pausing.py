"""Durable executions that are paused and resumed, in a simulated world."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.compute.fake import SystemFailure
from tests.services.lambda_.durable.fake_sdk import FakeContext
from tests.services.lambda_.durable.test_simulated import (
    begin,
    events,
    function,
    kinds,
    open_callbacks,
    shown,
)
from tests.services.lambda_.support import Neighbour, refusal, world_with
from tests.support.world import World

DAY = 86_400


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = world_with(tmp_path, Neighbour())
    yield made
    made.close()


def pause(world: World, arn: str, **more: Any) -> None:
    world.call("lambda", "PauseDurableExecution", DurableExecutionArn=arn, **more)


def resume(world: World, arn: str, **more: Any) -> None:
    world.call("lambda", "ResumeDurableExecution", DurableExecutionArn=arn, **more)


def test_waits_and_callbacks_go_on_but_the_function_does_not(world: World) -> None:
    def program(context: FakeContext) -> Any:
        context.wait("1", 100)
        return context.callback("2")

    function(world, "f", program)
    arn = begin(world, "f")
    world.settle()
    pause(world, arn, Reason="look")
    told = shown(world, arn)
    assert told["Status"] == "PAUSED"
    assert told["PauseDetails"]["Reason"] == "look"
    assert told["PauseDetails"]["ExecutionTimeoutPaused"] is True
    assert told["ExpectedExecutionTimeoutTimestamp"] == told["StartTimestamp"] + 366 * DAY
    world.advance(500)
    assert len(world.compute.started) == 1
    assert kinds(world, arn)[-2:] == ["ExecutionPaused", "WaitSucceeded"]
    resume(world, arn)
    world.settle()
    assert "PauseDetails" not in shown(world, arn)
    (id,) = open_callbacks(world, arn)
    pause(world, arn)
    world.call("lambda", "SendDurableExecutionCallbackSuccess", CallbackId=id, Result=b"yes")
    world.advance(500)
    assert shown(world, arn)["Status"] == "PAUSED" and len(world.compute.started) == 2
    resume(world, arn, Reason="seen")
    world.settle()
    told = shown(world, arn)
    assert (told["Status"], told["Result"]) == ("SUCCEEDED", '"yes"')
    assert "ExpectedExecutionTimeoutTimestamp" not in told
    resumed = [e for e in events(world, arn) if e["EventType"] == "ExecutionResumed"]
    assert resumed[-1]["ExecutionResumedDetails"]["Reason"]["Payload"] == "seen"


def test_one_that_only_waits_goes_on_waiting_when_it_is_resumed(world: World) -> None:
    function(world, "f", lambda context: context.wait("1", 1000))
    arn = begin(world, "f")
    world.settle()
    pause(world, arn)
    resume(world, arn)
    world.advance(900)
    assert shown(world, arn)["Status"] == "RUNNING" and len(world.compute.started) == 1
    world.advance(200)
    assert shown(world, arn)["Status"] == "SUCCEEDED"


def test_the_next_checkpoint_pauses_what_runs_and_is_kept(world: World) -> None:
    done: list[str] = []

    def program(context: FakeContext) -> str:
        def first(_attempt: int) -> str:
            if not done:
                pause(world, context.arn)
                assert shown(world, context.arn)["Status"] == "PAUSING"
            done.append("first")
            return "kept"

        kept = context.step("1", first)
        done.append("second")
        return str(kept)

    function(world, "f", program)
    arn = begin(world, "f")
    world.settle()
    assert shown(world, arn)["Status"] == "PAUSED"
    assert done == ["first"]
    assert kinds(world, arn)[-3:] == ["StepSucceeded", "InvocationCompleted", "ExecutionPaused"]
    world.advance(3000)
    assert done == ["first"]
    resume(world, arn)
    world.settle()
    assert done == ["first", "second"]
    assert shown(world, arn)["Result"] == '"kept"'


def test_a_pause_that_has_not_come_about_is_taken_back(world: World) -> None:
    def program(context: FakeContext) -> str:
        pause(world, context.arn)
        resume(world, context.arn)
        return str(context.step("1", lambda _attempt: "done"))

    function(world, "f", program)
    arn = begin(world, "f")
    world.settle()
    assert shown(world, arn)["Status"] == "SUCCEEDED"
    assert "ExecutionPaused" not in kinds(world, arn) and len(world.compute.started) == 1


def test_an_invocation_that_ends_while_pausing_ends_or_pauses_the_execution(world: World) -> None:
    def program(context: FakeContext) -> str:
        if context.input == "fail":
            if len(world.compute.started) < 3:
                pause(world, context.arn)
                raise SystemFailure("lost")
        else:
            pause(world, context.arn)
        return "ok"

    function(world, "f", program)
    ended = begin(world, "f", "succeed")
    world.settle()
    assert shown(world, ended)["Status"] == "SUCCEEDED"
    failing = begin(world, "f", "fail")
    world.advance(3000)
    assert shown(world, failing)["Status"] == "PAUSED"
    assert len(world.compute.started) == 2
    resume(world, failing)
    world.settle()
    assert shown(world, failing)["Status"] == "SUCCEEDED"


@pytest.mark.parametrize("holds", [True, False])
def test_the_time_limit_stands_still_unless_it_is_not_to(world: World, holds: bool) -> None:
    function(world, "f", lambda context: context.callback("1"), timeout_s=600)
    arn = begin(world, "f")
    world.advance(100)
    pause(world, arn, ExecutionTimeoutPaused=holds)
    world.advance(1000)
    assert shown(world, arn)["Status"] == ("PAUSED" if holds else "TIMED_OUT")
    if holds:
        resume(world, arn)
        world.advance(490)
        assert shown(world, arn)["Status"] == "RUNNING"
        world.advance(20)
        assert shown(world, arn)["Status"] == "TIMED_OUT"
    assert world.effects() == []


def test_a_paused_execution_lives_no_longer_than_366_days_and_can_be_stopped(world: World) -> None:
    function(world, "f", lambda context: context.callback("1"), timeout_s=600)
    for name in ("old", "stopped"):
        arn = begin(world, "f", DurableExecutionName=name)
        world.settle()
        pause(world, arn)
        if name == "stopped":
            world.call("lambda", "StopDurableExecution", DurableExecutionArn=arn)
            assert shown(world, arn)["Status"] == "STOPPED"
    old = begin(world, "f", DurableExecutionName="old")  # the same: it is there, and paused
    world.advance(366 * DAY - 100)
    assert shown(world, old)["Status"] == "PAUSED"
    world.advance(200)
    assert shown(world, old)["Status"] == "TIMED_OUT"


def test_a_pause_survives_the_server(world: World) -> None:
    function(world, "f", lambda context: context.wait("1", 10))
    arn = begin(world, "f")
    world.settle()
    pause(world, arn, Reason="r")
    world.crash()
    world.advance(100)
    assert shown(world, arn)["PauseDetails"]["Reason"] == "r"
    resume(world, arn)
    world.settle()
    assert shown(world, arn)["Status"] == "SUCCEEDED"


def test_what_cannot_be_paused_or_resumed(world: World) -> None:
    function(world, "f", lambda context: context.callback("1"))
    arn = begin(world, "f")
    world.settle()
    assert refusal(lambda: resume(world, arn)).code == "ResourceConflictException"
    pause(world, arn, ClientToken="a")
    pause(world, arn, ClientToken="a")  # the same request again
    assert refusal(lambda: pause(world, arn, ClientToken="b")).code == "ResourceConflictException"
    with_status = world.call(
        "lambda", "ListDurableExecutionsByFunction", FunctionName="f", Statuses=["PAUSED"]
    )["DurableExecutions"]
    assert [e["DurableExecutionArn"] for e in with_status] == [arn]
    error = refusal(lambda: world.call("lambda", "DeleteDurableExecution", DurableExecutionArn=arn))
    assert error.code == "ResourceConflictException"
    world.call("lambda", "StopDurableExecution", DurableExecutionArn=arn)
    assert refusal(lambda: pause(world, arn)).code == "ResourceConflictException"
    other = arn[:-1] + ("0" if arn[-1] != "0" else "1")
    assert refusal(lambda: pause(world, other)).code == "ResourceNotFoundException"
    assert json.loads(json.dumps(shown(world, arn)))["Status"] == "STOPPED"
