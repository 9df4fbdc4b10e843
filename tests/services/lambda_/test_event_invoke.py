from __future__ import annotations

from typing import Any

import pytest

from tests.services.lambda_.support import arn, create, refusal
from tests.support.world import START, World

QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
TOPIC = "arn:aws:sns:us-east-1:000000000000:t"


def put(world: World, **given: Any) -> dict[str, Any]:
    return world.call("lambda", "PutFunctionEventInvokeConfig", FunctionName="f", **given)


def destinations(success: str | None = None, failure: str | None = None) -> dict[str, Any]:
    return {
        "DestinationConfig": {
            "OnSuccess": {"Destination": success} if success else {},
            "OnFailure": {"Destination": failure} if failure else {},
        }
    }


def test_put_replaces_and_update_keeps(world: World) -> None:
    create(world)
    assert put(world, MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60) == {
        "LastModified": START,
        "FunctionArn": arn("f", "$LATEST"),
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": 60,
        **destinations(),
    }
    update = {"FunctionName": "f", **destinations(failure=QUEUE)}
    changed = world.call("lambda", "UpdateFunctionEventInvokeConfig", **update)
    assert changed["MaximumRetryAttempts"] == 1
    assert changed["DestinationConfig"] == destinations(failure=QUEUE)["DestinationConfig"]
    assert world.call("lambda", "GetFunctionEventInvokeConfig", FunctionName="f") == changed
    listed = world.call("lambda", "ListFunctionEventInvokeConfigs", FunctionName="f")
    assert listed == {"FunctionEventInvokeConfigs": [changed]}
    replaced = put(world, MaximumRetryAttempts=0)
    assert "MaximumEventAgeInSeconds" not in replaced
    assert replaced["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    world.call("lambda", "DeleteFunctionEventInvokeConfig", FunctionName="f")
    error = refusal(lambda: world.call("lambda", "GetFunctionEventInvokeConfig", FunctionName="f"))
    assert error.code == "ResourceNotFoundException"
    assert error.message == f"The function {arn('f', '$LATEST')} doesn't have an EventInvokeConfig"


def test_an_empty_destination_removes_it(world: World) -> None:
    create(world)
    put(world, **destinations(TOPIC, QUEUE))
    changed = world.call(
        "lambda",
        "UpdateFunctionEventInvokeConfig",
        FunctionName="f",
        DestinationConfig={"OnFailure": {"Destination": ""}},
    )
    assert changed["DestinationConfig"] == destinations(TOPIC)["DestinationConfig"]


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            {},
            "InvalidParameterValueException",
            "You must specify at least one of error handling or destination setting.",
        ),
        ({"MaximumRetryAttempts": 3}, "ValidationException", "less than or equal to 2"),
        ({"MaximumRetryAttempts": -1}, "ValidationException", "greater than or equal to 0"),
        ({"MaximumEventAgeInSeconds": 59}, "ValidationException", "greater than or equal to 60"),
        ({"MaximumEventAgeInSeconds": 21_601}, "ValidationException", "or equal to 21600"),
        (destinations(failure="queue"), "ValidationException", "onFailure.destination"),
        (
            destinations(success="arn:aws:ec2:us-east-1:000000000000:i"),
            "InvalidParameterValueException",
            "DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:ec2:us-east-1:000000000000:i"
            "), onFailure=null) is not supported.",
        ),
        (destinations(failure=f"{QUEUE}.fifo"), "InvalidParameterValueException", "not supported"),
        (destinations("arn:aws:s3:::bucket"), "InvalidParameterValueException", "not supported"),
        (
            destinations(failure=arn("f")),
            "InvalidParameterValueException",
            "You can't specify the function as a destination for itself.",
        ),
        (
            destinations(failure=arn("ghost")),
            "InvalidParameterValueException",
            f"The destination ARN {arn('ghost')} is invalid.",
        ),
    ],
)
def test_bad_configurations(world: World, given: dict[str, Any], code: str, message: str) -> None:
    create(world)
    error = refusal(lambda: put(world, **given))
    assert error.code == code
    assert message in error.message


def test_the_function_must_be_there(world: World) -> None:
    error = refusal(lambda: put(world, MaximumRetryAttempts=1))
    assert error.message == f"The function {arn('f', '$LATEST')} doesn't exist."


def test_pages(world: World) -> None:
    create(world, Publish=True)
    for qualifier in ("$LATEST", "1"):
        put(world, MaximumRetryAttempts=1, Qualifier=qualifier)
    listing = {"FunctionName": "f", "MaxItems": 1}
    first = world.call("lambda", "ListFunctionEventInvokeConfigs", **listing)
    second = world.call(
        "lambda", "ListFunctionEventInvokeConfigs", **listing, Marker=first["NextMarker"]
    )
    found = first["FunctionEventInvokeConfigs"] + second["FunctionEventInvokeConfigs"]
    assert [c["FunctionArn"] for c in found] == [arn("f", "$LATEST"), arn("f", "1")]
    assert "NextMarker" not in second
