"""Machines made and run in the simulated world, in few words."""

from __future__ import annotations

import json
from typing import Any

import pytest

import owari.services.stepfunctions.api  # noqa: F401
from owari.errors import ServiceError
from tests.services.lambda_.support import create as create_function
from tests.support.world import ACCOUNT, REGION, World

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
Json = dict[str, Any]


def call(world: World, operation: str, **params: Any) -> Json:
    return world.call("stepfunctions", operation, **params)


def refused(world: World, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        call(world, operation, **params)
    return caught.value


def states(*named: tuple[str, Json]) -> Json:
    """States one after another; the last ends."""
    made: Json = {}
    for (name, state), following in zip(named, [*named[1:], None], strict=True):
        step = {"End": True} if following is None else {"Next": following[0]}
        closed = state["Type"] in ("Succeed", "Fail", "Choice") or "Next" in state
        made[name] = state if closed else {**state, **step}
    return {"StartAt": named[0][0], "States": made}


def machine(world: World, definition: Json, name: str = "m", **settings: Any) -> str:
    made = call(
        world,
        "CreateStateMachine",
        name=name,
        definition=json.dumps(definition),
        roleArn=ROLE,
        **settings,
    )
    return str(made["stateMachineArn"])


def start(world: World, arn: str, value: Any = None, **settings: Any) -> str:
    text = json.dumps({} if value is None else value)
    made = call(world, "StartExecution", stateMachineArn=arn, input=text, **settings)
    return str(made["executionArn"])


def describe(world: World, arn: str) -> Json:
    return call(world, "DescribeExecution", executionArn=arn)


def history(world: World, arn: str) -> list[Json]:
    events: list[Json] = []
    token: Json = {}
    while True:
        page = call(world, "GetExecutionHistory", executionArn=arn, maxResults=1000, **token)
        events += page["events"]
        if "nextToken" not in page:
            return events
        token = {"nextToken": page["nextToken"]}


def kinds(world: World, arn: str) -> list[str]:
    return [event["type"] for event in history(world, arn)]


def ended(world: World, arn: str, seconds: float = 3600) -> Json:
    """The execution after some time, in which it must have ended."""
    world.advance(seconds)
    told = describe(world, arn)
    assert told["status"] != "RUNNING", kinds(world, arn)
    return told


def run(world: World, definition: Json, value: Any = None, name: str = "m") -> Json:
    return ended(world, start(world, machine(world, definition, name), value))


def output(told: Json) -> Any:
    assert told["status"] == "SUCCEEDED", told
    return json.loads(told["output"])


def task(resource: str, **fields: Any) -> Json:
    return {"Type": "Task", "Resource": resource, **fields}


__all__ = ["ACCOUNT", "REGION", "create_function"]
