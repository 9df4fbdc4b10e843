"""Aliases: names of versions, weighted or not, and everything that can be named through them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.compute.fake import FunctionError
from tests.services.lambda_.support import Neighbour, arn, create, package, refusal, world_with
from tests.support.world import World

QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
INVALID = "InvalidParameterValueException"


@pytest.fixture
def neighbour() -> Neighbour:
    return Neighbour()


@pytest.fixture
def world(tmp_path: Path, neighbour: Neighbour) -> Iterator[World]:
    made = world_with(tmp_path / "owari", neighbour)
    create(made, Publish=True)
    made.call("lambda", "UpdateFunctionCode", FunctionName="f", ZipFile=package({"b": "2"}))
    made.call("lambda", "PublishVersion", FunctionName="f")
    yield made
    made.close()


def alias(world: World, name: str = "live", version: str = "1", **more: Any) -> dict[str, Any]:
    return world.call(
        "lambda", "CreateAlias", FunctionName="f", Name=name, FunctionVersion=version, **more
    )


def weights(**shares: float) -> dict[str, Any]:
    return {"AdditionalVersionWeights": {name[1:]: share for name, share in shares.items()}}


def test_create_get_update_list_delete(world: World) -> None:
    made = alias(world, Description="d")
    assert made == {
        "AliasArn": arn("f", "live"),
        "Name": "live",
        "FunctionVersion": "1",
        "Description": "d",
        "RevisionId": made["RevisionId"],
    }
    named = {"FunctionName": "f", "Name": "live"}
    assert world.call("lambda", "GetAlias", **named) == made
    assert refusal(lambda: alias(world)).message == f"Alias already exists: {arn('f', 'live')}"
    changed = world.call(
        "lambda", "UpdateAlias", **named, FunctionVersion="2", RoutingConfig=weights(v1=0.25)
    )
    assert changed["RoutingConfig"] == weights(v1=0.25)
    assert (changed["FunctionVersion"], changed["Description"]) == ("2", "d")
    error = refusal(
        lambda: world.call("lambda", "UpdateAlias", **named, RevisionId=made["RevisionId"])
    )
    assert error.code == "PreconditionFailedException"
    alias(world, "beta", "2")
    assert [a["Name"] for a in listed(world)] == ["beta", "live"]
    assert [a["Name"] for a in listed(world, FunctionVersion="1")] == ["live"]
    world.crash()
    assert world.call("lambda", "GetAlias", **named) == changed
    world.call("lambda", "DeleteAlias", **named)
    world.call("lambda", "DeleteAlias", **named)
    error = refusal(lambda: world.call("lambda", "GetAlias", **named))
    assert error.message == f"Cannot find alias arn: {arn('f', 'live')}"


def listed(world: World, **given: Any) -> list[dict[str, Any]]:
    aliases: list[dict[str, Any]] = world.call("lambda", "ListAliases", FunctionName="f", **given)[
        "Aliases"
    ]
    return aliases


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"Name": "7"}, "ValidationException", "'name'"),
        ({"FunctionVersion": "9"}, "ResourceNotFoundException", "Function not found"),
        ({"RoutingConfig": weights(v9=0.5)}, "ResourceNotFoundException", "Function not found"),
        ({"RoutingConfig": weights(v1=0.5)}, INVALID, "already included"),
        ({"RoutingConfig": weights(v2=0.5, v3=0.1)}, INVALID, "cannot be greater than 1"),
        ({"RoutingConfig": weights(v2=1.5)}, "ValidationException", "between 0.0 and 1.0"),
        (
            {"FunctionVersion": "$LATEST", "RoutingConfig": weights(v2=0.5)},
            INVALID,
            "$LATEST is not supported",
        ),
    ],
)
def test_aliases_that_cannot_be(
    world: World, given: dict[str, Any], code: str, message: str
) -> None:
    asked = {"FunctionName": "f", "Name": "live", "FunctionVersion": "1"} | given
    error = refusal(lambda: world.call("lambda", "CreateAlias", **asked))
    assert (error.code, message in error.message) == (code, True), error.message


def test_an_alias_is_invoked_and_described(world: World) -> None:
    alias(world)
    specs: list[dict[str, Any]] = []
    world.compute.handlers["f"] = lambda _event, spec: specs.append(spec)
    answer = world.call("lambda", "Invoke", FunctionName="f", Qualifier="live")
    assert answer["ExecutedVersion"] == "1"
    assert (specs[0]["function_arn"], specs[0]["version"]) == (arn("f", "live"), "1")
    found = world.call("lambda", "GetFunctionConfiguration", FunctionName=arn("f", "live"))
    assert (found["FunctionArn"], found["Version"]) == (arn("f", "live"), "1")


def test_weights_share_the_invocations(world: World) -> None:
    alias(world, RoutingConfig=weights(v2=0.3))
    seen = Counter(
        world.call("lambda", "Invoke", FunctionName="f:live")["ExecutedVersion"] for _ in range(500)
    )
    assert set(seen) == {"1", "2"}
    assert 100 < seen["2"] < 200
    events: Counter[str] = Counter()

    def count(_event: Any, spec: dict[str, Any]) -> None:
        events[spec["version"]] += 1

    world.compute.handlers["f"] = count
    for _ in range(300):
        world.call("lambda", "Invoke", FunctionName="f:live", InvocationType="Event")
    world.settle()
    assert events["1"] + events["2"] == 300
    assert 50 < events["2"] < 130


def test_events_through_an_alias_have_its_configuration(world: World, neighbour: Neighbour) -> None:
    alias(world, version="2")
    put = {
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
    }
    made = world.call(
        "lambda", "PutFunctionEventInvokeConfig", FunctionName="f", Qualifier="live", **put
    )
    assert made["FunctionArn"] == arn("f", "live")

    def fail(_event: Any, _spec: Any) -> None:
        raise FunctionError("E", "no")

    world.compute.handlers["f"] = fail
    world.call("lambda", "Invoke", FunctionName="f:live", InvocationType="Event")
    world.advance(10)
    (sent,) = neighbour.calls("sqs:SendMessage")
    record = json.loads(sent["MessageBody"])
    assert record["requestContext"]["functionArn"] == arn("f", "live")
    assert record["responseContext"]["executedVersion"] == "2"
    world.call("lambda", "DeleteAlias", FunctionName="f", Name="live")
    alias(world)
    gone = {"FunctionName": "f", "Qualifier": "live"}
    assert refusal(lambda: world.call("lambda", "GetFunctionEventInvokeConfig", **gone))


def test_an_alias_has_its_own_policy(world: World) -> None:
    revision = alias(world)["RevisionId"]
    named = {"FunctionName": "f", "Qualifier": "live"}
    granted = world.call(
        "lambda", "AddPermission", **named,
        StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
        RevisionId=revision,
    )  # fmt: skip
    assert json.loads(granted["Statement"])["Resource"] == arn("f", "live")
    policy = world.call("lambda", "GetPolicy", **named)
    now = world.call("lambda", "GetAlias", FunctionName="f", Name="live")["RevisionId"]
    assert policy["RevisionId"] == now != revision
    assert refusal(lambda: world.call("lambda", "GetPolicy", FunctionName="f"))


def test_a_version_with_an_alias_stays(world: World) -> None:
    alias(world, RoutingConfig=weights(v2=0.1))
    for version in ("1", "2"):
        error = refusal(
            lambda v=version: world.call("lambda", "DeleteFunction", FunctionName=f"f:{v}")  # type: ignore[misc]
        )
        assert (error.code, "[live]" in error.message) == ("ResourceConflictException", True)
    error = refusal(lambda: world.call("lambda", "DeleteFunction", FunctionName="f:live"))
    assert error.code == INVALID
    world.call("lambda", "DeleteAlias", FunctionName="f", Name="live")
    world.call("lambda", "DeleteFunction", FunctionName="f:2")
    alias(world)
    world.call("lambda", "DeleteFunction", FunctionName="f")
    create(world)
    assert listed(world) == []
