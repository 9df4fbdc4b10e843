"""Provisioned concurrency: what compute is told, when, and what callers see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.kernel import Context
from tests.services.lambda_.support import arn, create, package, refusal
from tests.support.server import Server, eventually
from tests.support.world import World

SYSTEM = Context("000000000000", "us-east-1", "owari", "system", "system")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "owari")
    create(made, Publish=True)
    made.call("lambda", "UpdateFunctionCode", FunctionName="f", ZipFile=package({"b": "2"}))
    made.call("lambda", "PublishVersion", FunctionName="f")
    yield made
    made.close()


def put(world: World, qualifier: str, count: int) -> dict[str, Any]:
    return world.call(
        "lambda", "PutProvisionedConcurrencyConfig",
        FunctionName="f", Qualifier=qualifier, ProvisionedConcurrentExecutions=count,
    )  # fmt: skip


def kept(world: World) -> dict[str, int]:
    """Wishes by version, those for none left out."""
    return {e.split(":")[-2]: n for e, n in world.compute.warm.items() if n}


def status(world: World) -> tuple[str, int, str | None]:
    named = {"FunctionName": "f", "Qualifier": "1"}
    found = world.call("lambda", "GetProvisionedConcurrencyConfig", **named)
    allocated = found["AllocatedProvisionedConcurrentExecutions"]
    return found["Status"], allocated, found.get("StatusReason")


def test_what_is_wished_is_told(world: World) -> None:
    assert put(world, "1", 3)["Status"] == "IN_PROGRESS"
    assert kept(world) == {"1": 3}
    named = {"FunctionName": "f", "Qualifier": "1"}
    assert status(world) == ("IN_PROGRESS", 0, None)
    (environment,) = world.compute.warm
    for count, why, seen in (
        (1, "", ("IN_PROGRESS", 1, None)),
        (2, "no room", ("FAILED", 2, "no room")),
        (3, "", ("READY", 3, None)),
    ):
        world.engine.kept(SYSTEM, environment, count, why)
        world.settle()
        assert status(world) == seen
    world.engine.capacity(SYSTEM, [])  # the agent is gone, and its environments with it
    world.settle()
    assert status(world) == ("IN_PROGRESS", 0, None)
    put(world, "2", 1)
    listed = world.call("lambda", "ListProvisionedConcurrencyConfigs", FunctionName="f")
    arns = [c["FunctionArn"] for c in listed["ProvisionedConcurrencyConfigs"]]
    assert arns == [arn("f", "1"), arn("f", "2")]
    world.call("lambda", "DeleteProvisionedConcurrencyConfig", **named)
    assert kept(world) == {"2": 1}
    error = refusal(lambda: world.call("lambda", "GetProvisionedConcurrencyConfig", **named))
    assert error.code == "ProvisionedConcurrencyConfigNotFoundException"
    world.call("lambda", "DeleteFunction", FunctionName="f")
    assert kept(world) == {}


def test_an_alias_takes_its_wish_along(world: World) -> None:
    alias = {"FunctionName": "f", "Name": "live"}
    world.call("lambda", "CreateAlias", **alias, FunctionVersion="1")
    put(world, "live", 2)
    assert kept(world) == {"1": 2}
    world.call("lambda", "UpdateAlias", **alias, FunctionVersion="2")
    assert kept(world) == {"2": 2}
    world.call("lambda", "DeleteAlias", **alias)
    assert kept(world) == {}


def test_a_new_agent_is_told_again(world: World) -> None:
    put(world, "1", 3)
    world.crash()
    world.compute.warm.clear()
    world.engine.capacity(SYSTEM, [{"instance": "a", "vcpus": 1, "memory_mib": 1, "gpus": 0}])
    world.settle()
    assert kept(world) == {"1": 3}


def test_wishes_that_cannot_be(world: World) -> None:
    invalid = "InvalidParameterValueException"
    assert refusal(lambda: put(world, "$LATEST", 1)).code == invalid
    assert refusal(lambda: put(world, "9", 1)).code == "ResourceNotFoundException"
    assert refusal(lambda: put(world, "1", 0)).code == "ValidationException"
    assert refusal(lambda: put(world, "1", 1_001)).code == invalid
    reserve = {"FunctionName": "f", "ReservedConcurrentExecutions": 5}
    world.call("lambda", "PutFunctionConcurrency", **reserve)
    put(world, "1", 3)
    assert refusal(lambda: put(world, "2", 3)).code == invalid


@pytest.mark.acceptance
def test_environments_start_before_anybody_calls(tmp_path: Path) -> None:
    """Also after the agent was killed: the next one is told."""
    source = "print('born')\ndef handler(event, context): return 1\n"
    with Server(tmp_path / "data") as server:
        server.function("f", source, Publish=True)
        logs = server.client("logs")

        def born() -> int:
            try:
                asked = {"logGroupName": "/aws/lambda/f", "filterPattern": "born"}
                return len(logs.filter_log_events(**asked)["events"])
            except logs.exceptions.ResourceNotFoundException:
                return 0

        server.client("lambda").put_provisioned_concurrency_config(
            FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=2
        )
        eventually(lambda: born() == 2)
        server.client("lambda").invoke(FunctionName="f", Qualifier="1")
        assert born() == 2
        server.kill_agent()
        eventually(lambda: born() == 4)


@pytest.mark.acceptance
def test_the_status_is_what_the_agent_says(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        server.function("good", "def handler(event, context): return 1\n", Publish=True)
        server.function("bad", "raise ValueError('never')\n", Publish=True)
        client = server.client("lambda")

        def found(name: str) -> tuple[str, int, str]:
            told = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
            allocated = told["AllocatedProvisionedConcurrentExecutions"]
            return told["Status"], allocated, told.get("StatusReason", "")

        for name in ("good", "bad"):
            client.put_provisioned_concurrency_config(
                FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=2
            )
        eventually(lambda: found("good") == ("READY", 2, ""))
        eventually(lambda: found("bad") == ("FAILED", 0, "ValueError: never"))
