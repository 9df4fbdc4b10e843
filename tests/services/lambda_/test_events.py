"""Asynchronous invocations over simulated time: every due time is exact."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from owari.compute.fake import FunctionError, SystemFailure
from owari.effects import Call, Run
from owari.errors import ServiceError
from owari.kernel import Context, Work
from tests.services.lambda_.support import Neighbour, arn, create, world_with
from tests.support.world import START, World

QUEUE = "arn:aws:sqs:eu-west-1:000000000000:q"
TOPIC = "arn:aws:sns:us-east-1:000000000000:t"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/default"
REQUEST = "00000000-0000-0000-0000-000000000002"  # the second call of the world


class Attempts:
    """A function that answers as told, and remembers when it was called and with what."""

    def __init__(self, world: World, *outcomes: Any) -> None:
        self.world = world
        self.outcomes = list(outcomes)
        self.times: list[float] = []
        self.specs: list[dict[str, Any]] = []
        world.compute.duration = lambda _spec: 0.0
        world.compute.handlers["f"] = self

    def __call__(self, _event: Any, spec: dict[str, Any]) -> Any:
        self.times.append(round(self.world.clock.now() - START, 3))
        self.specs.append(spec)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


ERROR = FunctionError("KeyError", "'size'")
THROTTLED = SystemFailure("throttled")


@pytest.fixture
def neighbour() -> Neighbour:
    return Neighbour()


@pytest.fixture
def world(tmp_path: Path, neighbour: Neighbour) -> Iterator[World]:
    made = world_with(tmp_path / "owari", neighbour)
    yield made
    made.close()


def leave(world: World, payload: bytes = b'{"n": 1}', **more: Any) -> None:
    answer = world.call(
        "lambda", "Invoke",
        FunctionName="f", InvocationType="Event", Payload=payload, **more,
    )  # fmt: skip
    assert answer == {"StatusCode": 202}


def configure(world: World, success: str = "", failure: str = "", **given: Any) -> None:
    world.call(
        "lambda",
        "PutFunctionEventInvokeConfig",
        FunctionName="f",
        DestinationConfig={
            "OnSuccess": {"Destination": success},
            "OnFailure": {"Destination": failure},
        },
        **given,
    )


def test_an_event_is_run_once(world: World) -> None:
    create(world)
    attempts = Attempts(world, "done")
    leave(world)
    assert isinstance(world.effects()[0].effect, Run)
    world.advance(30_000)
    assert attempts.times == [0]
    spec = attempts.specs[0]
    assert (spec["request_id"], spec["payload"], spec["durable"]) == (REQUEST, b'{"n": 1}', True)
    assert world.effects() == []


def test_function_errors_are_retried_twice_with_the_same_request_id(world: World) -> None:
    create(world)
    attempts = Attempts(world, ERROR)
    leave(world)
    world.advance(30_000)
    assert attempts.times == [0, 60, 180]
    assert {spec["request_id"] for spec in attempts.specs} == {REQUEST}
    assert [spec["attempt"] for spec in attempts.specs] == [1, 2, 3]
    assert world.effects() == []


def test_a_retry_may_succeed(world: World) -> None:
    create(world)
    attempts = Attempts(world, ERROR, "done")
    leave(world)
    world.advance(30_000)
    assert attempts.times == [0, 60]


@pytest.mark.parametrize(("retries", "times"), [(0, [0]), (1, [0, 60]), (2, [0, 60, 180])])
def test_maximum_retry_attempts(world: World, retries: int, times: list[float]) -> None:
    create(world)
    configure(world, MaximumRetryAttempts=retries)
    attempts = Attempts(world, ERROR)
    leave(world)
    world.advance(30_000)
    assert attempts.times == times


@pytest.mark.parametrize("status", ["throttled", "failed", "lost"])
def test_setbacks_back_off_and_leave_the_retries_alone(world: World, status: str) -> None:
    create(world)
    attempts = Attempts(world, *[SystemFailure(status)] * 4, ERROR, ERROR, "done")
    leave(world)
    world.advance(30_000)
    assert attempts.times == [0, 1, 3, 7, 15, 75, 195]


def test_throttles_are_retried_for_six_hours(world: World, neighbour: Neighbour) -> None:
    create(world, DeadLetterConfig={"TargetArn": QUEUE})
    attempts = Attempts(world, THROTTLED)
    leave(world)
    world.advance(30_000)
    pauses = [after - before for before, after in pairwise(attempts.times)]
    assert pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert set(pauses[9:]) == {300}
    assert 21_300 < attempts.times[-1] <= 21_600
    sent = neighbour.calls("sqs:SendMessage")
    assert [m["MessageAttributes"]["ErrorCode"]["StringValue"] for m in sent] == ["429"]


def test_maximum_event_age(world: World, neighbour: Neighbour) -> None:
    create(world)
    configure(world, failure=QUEUE, MaximumEventAgeInSeconds=100)
    attempts = Attempts(world, ERROR)
    leave(world)
    world.advance(30_000)
    assert attempts.times == [0, 60]
    (sent,) = neighbour.calls("sqs:SendMessage")
    context = json.loads(sent["MessageBody"])["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("EventAgeExceeded", 2)


def held_back(world: World, seconds: float) -> None:
    """No agent is connected for a while."""
    holder, world.engine.holder = world.engine.holder, ""
    world.clock.time += seconds
    world.engine.holder = holder


def test_after_hours_without_an_agent_only_the_functions_own_age_counts(
    world: World, neighbour: Neighbour
) -> None:
    create(world)
    attempts = Attempts(world, ERROR, "done")
    leave(world)
    world.settle()
    held_back(world, 30_000)
    world.settle()
    assert attempts.times == [0, 30_001]
    configure(world, failure=QUEUE, MaximumEventAgeInSeconds=100)
    leave(world)
    held_back(world, 101)
    world.settle()
    assert len(attempts.times) == 2
    (sent,) = neighbour.calls("sqs:SendMessage")
    record = json.loads(sent["MessageBody"])
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert "responseContext" not in record


def test_a_dead_letter_to_a_queue(world: World, neighbour: Neighbour) -> None:
    create(world, DeadLetterConfig={"TargetArn": QUEUE})
    Attempts(world, ERROR)
    leave(world)
    world.advance(30_000)
    ((at, called, params, principal),) = neighbour.received
    assert (at - START, called) == (180, "sqs:SendMessage")
    assert params == {
        "QueueUrl": f"{world.kernel.endpoint}/000000000000/q",
        "MessageBody": '{"n": 1}',
        "MessageAttributes": {
            "RequestID": {"DataType": "String", "StringValue": REQUEST},
            "ErrorCode": {"DataType": "Number", "StringValue": "200"},
            "ErrorMessage": {"DataType": "String", "StringValue": "'size'"},
        },
    }
    assert principal == "arn:aws:sts::000000000000:assumed-role/worker/f"


def test_a_dead_letter_tells_an_odd_error_as_far_as_it_can(
    world: World, neighbour: Neighbour
) -> None:
    create(world, DeadLetterConfig={"TargetArn": QUEUE})
    configure(world, MaximumRetryAttempts=0)
    Attempts(world, FunctionError("OSError", "no \x1b[31m \ud800 " + "é" * 600))
    leave(world)
    world.settle()
    (letter,) = neighbour.calls("sqs:SendMessage")
    told = letter["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert told.startswith("no \ufffd[31m \ufffd é") and len(told.encode()) <= 1024
    assert world.effects() == []


def test_a_dead_letter_to_a_topic(world: World, neighbour: Neighbour) -> None:
    create(world, DeadLetterConfig={"TargetArn": TOPIC})
    Attempts(world, FunctionError("E", "é" * 1_000))
    leave(world)
    world.advance(30_000)
    (params,) = neighbour.calls("sns:Publish")
    assert (params["TopicArn"], params["Message"]) == (TOPIC, '{"n": 1}')
    message = params["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert message == "é" * 512


def test_the_record_of_a_failure(world: World, neighbour: Neighbour) -> None:
    create(world, DeadLetterConfig={"TargetArn": TOPIC})
    configure(world, failure=QUEUE)
    Attempts(world, ERROR)
    leave(world)
    world.advance(30_000)
    (sent,) = neighbour.calls("sqs:SendMessage")
    assert json.loads(sent["MessageBody"]) == {
        "version": "1.0",
        "timestamp": "2030-01-01T00:03:00.000Z",
        "requestContext": {
            "requestId": "00000000-0000-0000-0000-000000000003",
            "functionArn": arn("f", "$LATEST"),
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"n": 1},
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": {"errorMessage": "'size'", "errorType": "KeyError", "stackTrace": []},
    }
    assert len(neighbour.calls("sns:Publish")) == 1


def test_the_record_of_a_success(world: World, neighbour: Neighbour) -> None:
    create(world)
    configure(world, success=BUS, failure=QUEUE)
    Attempts(world, ERROR, {"answer": 42})
    leave(world)
    world.advance(30_000)
    ((at, called, params, _),) = neighbour.received
    assert (at - START, called) == (60, "events:PutEvents")
    (entry,) = params["Entries"]
    record = json.loads(entry.pop("Detail"))
    assert entry == {
        "EventBusName": BUS,
        "Source": "lambda",
        "DetailType": "Lambda Function Invocation Result - Success",
        "Resources": [BUS, arn("f", "$LATEST")],
    }
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert record["responsePayload"] == {"answer": 42}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"hello", "hello"),  # a custom runtime's
        (b"", ""),
        (b"NaN", "NaN"),
        (b'{"a":1e400,"b":"\\ud800"}', {"a": float("inf"), "b": "\ud800"}),
        (b"[" * 900 + b"]" * 900, json.loads("[" * 900 + "]" * 900)),
    ],
    ids=["text", "nothing", "NaN", "odd", "deep"],
)
def test_the_record_of_whatever_was_answered(
    world: World, neighbour: Neighbour, answer: bytes, told: Any
) -> None:
    create(world)
    configure(world, success=QUEUE)
    Attempts(world, answer)
    leave(world, b'{"n":10000000000000000000000000000000000000000}')
    world.settle()
    (sent,) = neighbour.calls("sqs:SendMessage")
    record = json.loads(sent["MessageBody"])
    assert record["responsePayload"] == told
    assert record["requestPayload"] == {"n": 10**40}
    assert world.effects() == []


def test_a_bucket_as_destination_of_failures(world: World, neighbour: Neighbour) -> None:
    create(world)
    configure(world, failure="arn:aws:s3:::records")
    Attempts(world, ERROR)
    leave(world)
    world.advance(30_000)
    (put,) = neighbour.calls("s3:PutObject")
    assert put["Bucket"] == "records"
    name = r"aws/lambda/async/f/2030/01/01/2030-01-01T00\.03\.00-[0-9a-f-]{36}"
    assert re.fullmatch(name, put["Key"])
    assert json.loads(put["Body"])["requestContext"]["condition"] == "RetriesExhausted"


def test_a_function_as_destination(world: World) -> None:
    create(world)
    create(world, "g")
    configure(world, success=arn("g"))
    Attempts(world, "done")
    records: list[Any] = []
    world.compute.handlers["g"] = lambda event, _spec: records.append(event)
    leave(world)
    world.settle()
    assert [r["responsePayload"] for r in records] == ["done"]


def test_without_reserved_concurrency_an_event_is_a_dead_letter(
    world: World, neighbour: Neighbour
) -> None:
    create(world, DeadLetterConfig={"TargetArn": QUEUE})
    configure(world, failure=TOPIC)
    world.call("lambda", "PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
    attempts = Attempts(world, "done")
    leave(world)
    world.settle()
    assert attempts.times == []
    (letter,) = neighbour.calls("sqs:SendMessage")
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "429"
    record = json.loads(neighbour.calls("sns:Publish")[0]["Message"])
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert world.effects() == []


def test_an_answer_too_large_is_a_function_error(world: World) -> None:
    create(world)
    attempts = Attempts(world, "x" * (6 * 1024 * 1024 + 100), "done")
    leave(world)
    world.advance(100)
    assert attempts.times == [0, 60]


def test_an_event_runs_with_the_configuration_of_now(world: World) -> None:
    create(world)
    attempts = Attempts(world, ERROR, "done")
    leave(world)
    world.settle()
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Timeout=77)
    world.advance(100)
    assert [spec["timeout_s"] for spec in attempts.specs] == [3, 77]


def test_events_of_a_deleted_function_are_dropped(world: World) -> None:
    create(world)
    attempts = Attempts(world, ERROR)
    leave(world)
    world.settle()
    world.call("lambda", "DeleteFunction", FunctionName="f")
    world.advance(30_000)
    assert attempts.times == [0]
    assert world.effects() == []


def test_a_function_deleted_while_its_last_attempt_runs(world: World) -> None:
    create(world, DeadLetterConfig={"TargetArn": QUEUE})
    configure(world, failure=TOPIC, MaximumRetryAttempts=0)
    Attempts(world, ERROR)
    world.compute.duration = lambda _spec: 10.0
    leave(world)
    world.settle()
    world.call("lambda", "DeleteFunction", FunctionName="f")
    world.advance(100)
    assert world.effects() == []


def test_a_version_is_invoked_by_its_qualifier(world: World, neighbour: Neighbour) -> None:
    create(world, Publish=True)
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Timeout=50)
    world.call(
        "lambda",
        "PutFunctionEventInvokeConfig",
        FunctionName="f:1",
        DestinationConfig={"OnSuccess": {"Destination": QUEUE}},
    )
    attempts = Attempts(world, "done")
    leave(world, Qualifier="1")
    leave(world)
    world.settle()
    assert [(s["version"], s["timeout_s"]) for s in attempts.specs] == [("1", 3), ("$LATEST", 50)]
    (sent,) = neighbour.calls("sqs:SendMessage")
    record = json.loads(sent["MessageBody"])
    assert record["requestContext"]["functionArn"] == arn("f", "1")
    assert record["responseContext"]["executedVersion"] == "1"


def test_an_agent_lost_with_the_event_is_no_retry(world: World) -> None:
    create(world)
    attempts = Attempts(world, "done")
    world.compute.duration = lambda _spec: 10.0
    leave(world)
    world.advance(5)
    world.compute.lose()
    world.engine.agent_changed(world.compute.instance, world.compute.known())
    world.advance(100)
    assert attempts.times == [16]
    assert len(world.compute.started) == 2


def test_a_retry_outlives_a_crash(world: World) -> None:
    create(world)
    attempts = Attempts(world, ERROR, "done")
    leave(world)
    world.advance(30)
    world.crash()
    world.advance(100)
    assert attempts.times == [0, 60]


def test_a_target_in_trouble_is_tried_again_and_one_that_refuses_is_not(
    world: World, neighbour: Neighbour, caplog: pytest.LogCaptureFixture
) -> None:
    create(world)
    configure(world, success=QUEUE)
    Attempts(world, "done")
    trouble = ServiceError("InternalError", "later", status=500)
    neighbour.answers["SendMessage"] = [trouble, trouble, {}]
    leave(world)
    world.advance(1_000)
    assert [round(at - START) for at, *_ in neighbour.received] == [0, 1, 3]
    neighbour.answers["SendMessage"] = ServiceError("QueueDoesNotExist", "no queue", status=400)
    leave(world)
    world.advance(1_000)
    assert len(neighbour.received) == 4
    assert "could not be delivered" in caplog.text


def test_a_synchronous_invocation_through_an_effect_is_a_durable_run(world: World) -> None:
    """As a state machine makes it: its result outlives the server."""
    create(world)
    attempts = Attempts(world, "done")
    world.compute.duration = lambda _spec: 10.0
    call = Call("lambda", "Invoke", {"FunctionName": "f", "Payload": b'"sync"'})
    context = Context("000000000000", "us-east-1", "arn:aws:iam::000000000000:root", "r", "t")
    world.kernel.submit(Work(context, lambda tx: tx.emit(call), lambda _result, _error: None))
    world.advance(5)
    world.crash()
    world.advance(10)
    (spec,) = attempts.specs
    assert (spec["durable"], spec["payload"]) == (True, b'"sync"')
    assert world.effects() == []
