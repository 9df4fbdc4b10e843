"""Status changes on the event bus, where a rule asks for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from owari.wire.operation import REGISTRY, Operation
from tests.services.stepfunctions.service.driving import PASS, call, machine, start, states
from tests.support.world import World

FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "why"}}}


class Bus:
    """EventBridge as others see it, with one rule."""

    def __init__(self) -> None:
        self.sources = ["aws.states"]
        self.events: list[Any] = []

    def rules(self, _tx: Any, _p: Any) -> Any:
        pattern = json.dumps({"source": self.sources})
        return {"Rules": [{"Name": "r", "State": "ENABLED", "EventPattern": pattern}]}

    def put(self, _tx: Any, p: Any) -> Any:
        self.events += p["Entries"]
        return {}

    def details(self) -> list[Any]:
        return [json.loads(event["Detail"]) for event in self.events]


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def world(tmp_path: Path, bus: Bus) -> Iterator[World]:
    handlers = {"ListRules": bus.rules, "PutEvents": bus.put}
    own = {
        ("events", name): Operation("events", name, handler, lambda _p: False)
        for name, handler in handlers.items()
    }
    registry = replace(REGISTRY, operations={**REGISTRY.operations, **own})
    made = World(tmp_path, registry=registry)
    yield made
    made.close()


def test_an_execution_tells_of_its_start_and_end(world: World, bus: Bus) -> None:
    waits = states(("W", {"Type": "Wait", "Seconds": 10}))
    arn = start(world, machine(world, waits), {"a": 1})
    world.settle()
    (event,) = bus.events
    assert (event["Source"], event["DetailType"], event["Resources"]) == (
        "aws.states", "Step Functions Execution Status Change", [arn],
    )  # fmt: skip
    world.crash()
    world.advance(20)
    begun, ended = bus.details()
    assert begun == {
        "executionArn": arn,
        "stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m",
        "name": arn.rpartition(":")[2],
        "status": "RUNNING",
        "startDate": 1893456000000,
        "stopDate": None,
        "input": '{"a": 1}',
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
        "error": None,
        "cause": None,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
    }
    changed = {key: value for key, value in ended.items() if begun[key] != value}
    assert changed == {
        "status": "SUCCEEDED",
        "stopDate": 1893456010000,
        "output": '{"a":1}',
        "outputDetails": {"included": True},
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }


def test_one_that_ends_at_once_fails_and_is_redriven(world: World, bus: Bus) -> None:
    arn = start(world, machine(world, FAIL))
    world.settle()
    assert [d["status"] for d in bus.details()] == ["RUNNING", "FAILED"]
    last = bus.details()[-1]
    assert (last["error"], last["cause"], last["redriveStatus"]) == ("E", "why", "REDRIVABLE")
    call(world, "RedriveExecution", executionArn=arn)
    world.settle()
    again = bus.details()[2:]
    assert [(d["status"], d["redriveCount"]) for d in again] == [("RUNNING", 1), ("FAILED", 1)]


def test_stopped_executions_and_large_data(world: World, bus: Bus) -> None:
    waits = states(("W", {"Type": "Wait", "Seconds": 10}))
    arn = start(world, machine(world, waits), "x" * 130_000)
    call(world, "StopExecution", executionArn=arn, error="enough")
    world.settle()
    assert [(d["status"], d["error"]) for d in bus.details()] == [
        ("RUNNING", None), ("ABORTED", "enough"),
    ]  # fmt: skip
    start(world, machine(world, PASS, "p"), "x" * 130_000)
    world.settle()
    last = bus.details()[-1]
    assert (last["input"], last["inputDetails"]) == (None, {"included": False})
    assert (len(last["output"]), last["outputDetails"]) == (130_002, {"included": True})


def test_nothing_leaves_for_nobody(world: World, bus: Bus) -> None:
    bus.sources = ["aws.batch"]
    start(world, machine(world, PASS))
    start(world, machine(world, PASS, "quick", type="EXPRESS"))
    world.settle()
    assert bus.events == []


def test_express_executions_and_children_have_none(world: World, bus: Bus) -> None:
    start(world, machine(world, PASS, "quick", type="EXPRESS"))
    mapped = {"Type": "Map", "ItemProcessor": {**PASS, "ProcessorConfig": {"Mode": "DISTRIBUTED",
              "ExecutionType": "STANDARD"}}}  # fmt: skip
    arn = start(world, machine(world, states(("M", mapped))), [1, 2])
    world.settle(5)
    assert [(d["executionArn"], d["status"]) for d in bus.details()] == [
        (arn, "RUNNING"), (arn, "SUCCEEDED"),
    ]  # fmt: skip
