"""What mappings are refused, in AWS's words, and how they are listed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.lambda_.mappings import Line
from tests.services.lambda_.support import create, refusal
from tests.support.world import ACCOUNT, REGION, World

INVALID = "InvalidParameterValueException"


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        (
            {"FunctionName": "nobody"},
            INVALID,
            "Function does not exist",
        ),
        (
            {"EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:none"},
            INVALID,
            "Error occurred while ReceiveMessage. SQS Error Code:"
            " AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does"
            " not exist.",
        ),
        ({"EventSourceArn": None}, INVALID, "Unrecognized event source."),
        (
            {"EventSourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t"},
            INVALID,
            "Unrecognized event source.",
        ),
        (
            {"EventSourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"},
            "NotImplemented",
            "Owari does not implement event source mappings of Kinesis streams.",
        ),
        (
            {"EventSourceArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/x"},
            "NotImplemented",
            "Owari does not implement event source mappings of DynamoDB streams.",
        ),
        (
            {"StartingPosition": "LATEST"},
            INVALID,
            "StartingPosition is not valid for SQS event sources.",
        ),
        (
            {"ParallelizationFactor": 2},
            INVALID,
            "Unsupported ParallelizationFactor parameter for given event source mapping type.",
        ),
        (
            {"BatchSize": 11},
            INVALID,
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is"
            " greater than 10",
        ),
        (
            {"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1},
            "ValidationException",
            "1 validation error detected: Value '10001' at 'batchSize' failed to satisfy"
            " constraint: Member must have value less than or equal to 10000",
        ),
        (
            {"MaximumBatchingWindowInSeconds": 301},
            "ValidationException",
            "1 validation error detected: Value '301' at 'maximumBatchingWindowInSeconds' failed"
            " to satisfy constraint: Member must have value less than or equal to 300",
        ),
        (
            {"ScalingConfig": {"MaximumConcurrency": 1}},
            "ValidationException",
            "1 validation error detected: Value '1' at 'scalingConfig.maximumConcurrency' failed"
            " to satisfy constraint: Member must have value greater than or equal to 2",
        ),
        *(
            (
                {"FilterCriteria": {"Filters": [{"Pattern": pattern}]}},
                INVALID,
                "Invalid filter pattern definition.",
            )
            for pattern in ("", "x", "[]", "{}", '{"body": "x"}', '{"body": [{"like": "x"}]}')
        ),
    ],
)
def test_refused(world: World, settings: dict[str, Any], code: str, message: str) -> None:
    line = Line(world, map=False)
    error = refusal(lambda: line.map(**settings))
    assert (error.code, error.message) == (code, message)


def test_fifo_queues_have_no_window(world: World) -> None:
    line = Line(world, queue="q.fifo", map=False)
    error = refusal(lambda: line.map(MaximumBatchingWindowInSeconds=1))
    assert error.message == "Batching window is not supported for FIFO queues"
    assert refusal(lambda: line.map(BatchSize=11)).code == INVALID


def test_a_queue_must_hide_messages_as_long_as_the_function_may_take(world: World) -> None:
    line = Line(world, map=False)
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Timeout=60)
    assert refusal(line.map).message == (
        "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"
    )


def test_one_mapping_for_a_queue_and_a_function(world: World) -> None:
    line = Line(world)
    error = refusal(line.map)
    assert error.code == "ResourceConflictException"
    assert error.message == (
        f'An event source mapping with SQS arn (" {line.arn} ") and function (" f ") already'
        f" exists. Please update or delete the existing mapping with UUID {line.uuid}"
    )
    world.call("lambda", "PublishVersion", FunctionName="f")
    assert line.map(FunctionName="f:1")["FunctionArn"].endswith(":function:f:1")


def test_settings_are_changed_one_by_one(world: World) -> None:
    line = Line(world, ScalingConfig={"MaximumConcurrency": 7}, KMSKeyArn="arn:aws:kms:k")
    shown = line.update(BatchSize=3)
    assert (shown["State"], shown["BatchSize"]) == ("Updating", 3)
    assert shown["ScalingConfig"] == {"MaximumConcurrency": 7}
    world.settle(0.01)
    shown = line.update(ScalingConfig={}, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert "ScalingConfig" not in shown and shown["KMSKeyArn"] == "arn:aws:kms:k"
    world.settle(0.01)
    assert line.get()["State"] == "Enabled"
    create(world, "other")
    assert line.update(FunctionName="other")["FunctionArn"].endswith(":other")


def test_lists_by_function_and_source_and_page(world: World) -> None:
    lines = [Line(world, f"q{n}", f"f{n}") for n in range(3)]
    lines[0].map(EventSourceArn=lines[1].arn)

    def listed(**asked: Any) -> dict[str, Any]:
        return world.call("lambda", "ListEventSourceMappings", **asked)

    assert len(listed()["EventSourceMappings"]) == 4
    assert len(listed(FunctionName="f0")["EventSourceMappings"]) == 2
    assert len(listed(EventSourceArn=lines[1].arn)["EventSourceMappings"]) == 2
    both = listed(FunctionName="f1", EventSourceArn=lines[1].arn)["EventSourceMappings"]
    assert [m["UUID"] for m in both] == [lines[1].uuid]
    page = listed(MaxItems=3)
    rest = listed(Marker=page["NextMarker"])
    assert len(page["EventSourceMappings"]) == 3 and len(rest["EventSourceMappings"]) == 1
    assert "NextMarker" not in rest


@pytest.mark.parametrize("operation", ["Get", "Update", "Delete"])
def test_an_unknown_mapping(world: World, operation: str) -> None:
    uuid = "00000000-0000-4000-8000-000000000000"
    error = refusal(lambda: world.call("lambda", f"{operation}EventSourceMapping", UUID=uuid))
    assert error.code == "ResourceNotFoundException"
    assert error.message == "The resource you requested does not exist."
