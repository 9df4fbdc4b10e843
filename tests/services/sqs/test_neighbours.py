"""What other services put into queues, through the real services of both sides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.compute.fake import FunctionError
from owari.errors import ServiceError
from owari.wire.message import Upload
from tests.services.lambda_.support import create as create_function
from tests.services.sqs.driving import Queues, arn_of
from tests.services.stepfunctions.service.driving import machine, start
from tests.support.world import ACCOUNT, REGION


def subscribed(world: Queues, queue: str, topic: str = "t", **attributes: str) -> str:
    """A topic that feeds this queue; returns its ARN."""
    fifo = {"FifoTopic": "true"} if topic.endswith(".fifo") else {}
    arn: str = world.call("sns", "CreateTopic", Name=topic, Attributes=fifo)["TopicArn"]
    world.call(
        "sns",
        "Subscribe",
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=arn_of(queue),
        Attributes=attributes,
    )
    return arn


def test_a_topic_in_its_envelope_and_raw(world: Queues) -> None:
    wrapped, raw = world.queue("wrapped"), world.queue("raw")
    topic = subscribed(world, "wrapped")
    subscribed(world, "raw", RawMessageDelivery="true")
    attributes = {"k": {"DataType": "String", "StringValue": "v"}}
    world.call("sns", "Publish", TopicArn=topic, Message="hi", MessageAttributes=attributes)
    world.settle()
    (got,) = world.receive(wrapped, MessageSystemAttributeNames=["SenderId"])
    envelope = json.loads(got["Body"])
    assert (envelope["Type"], envelope["Message"], envelope["TopicArn"]) == (
        "Notification",
        "hi",
        topic,
    )
    assert envelope["MessageAttributes"] == {"k": {"Type": "String", "Value": "v"}}
    assert got["Attributes"]["SenderId"] == "sns.amazonaws.com"
    (got,) = world.receive(raw, MessageAttributeNames=["All"])
    assert got["Body"] == "hi" and got["MessageAttributes"] == attributes


def test_a_fifo_topic_keeps_order_and_drops_duplicates(world: Queues) -> None:
    url = world.queue("q.fifo")
    topic = subscribed(world, "q.fifo", "t.fifo", RawMessageDelivery="true")
    for number in (1, 2, 2, 3):
        world.call(
            "sns",
            "Publish",
            TopicArn=topic,
            Message=str(number),
            MessageGroupId="g",
            MessageDeduplicationId=str(number),
        )
    world.crash()
    world.settle()
    assert world.bodies(url) == ["1", "2", "3"]


def test_a_subscription_of_a_queue_that_is_gone_goes_to_its_dead_letters(world: Queues) -> None:
    url, dead = world.queue("q"), world.queue("dead")
    policy = json.dumps({"deadLetterTargetArn": arn_of("dead")})
    topic = subscribed(world, "q", RedrivePolicy=policy)
    world.sqs("DeleteQueue", url)
    world.call("sns", "Publish", TopicArn=topic, Message="hi")
    world.settle()
    (body,) = world.bodies(dead)
    assert json.loads(body)["Message"] == "hi"


def notify(world: Queues, name: str) -> None:
    configuration = {"QueueArn": arn_of(name), "Events": ["s3:ObjectCreated:*"]}
    world.call(
        "s3",
        "PutBucketNotificationConfiguration",
        Bucket="inbox",
        NotificationConfiguration={"QueueConfigurations": [configuration]},
    )


def test_a_bucket_tells_a_queue_that_exists(world: Queues) -> None:
    url = world.queue("q")
    world.call("s3", "CreateBucket", Bucket="inbox")
    with pytest.raises(ServiceError, match="Unable to validate"):
        notify(world, "nowhere")
    world.queue("q.fifo", FifoQueue="true")
    with pytest.raises(ServiceError, match="Unable to validate") as refused:
        notify(world, "q.fifo")
    assert refused.value.fields["ArgumentValue1"] == "FIFO queues are not supported"
    notify(world, "q")
    body = Upload(size=1, md5=b"\x00" * 16, data=b"x")
    world.call("s3", "PutObject", Bucket="inbox", Key="a b.txt", Body=body)
    world.settle()
    test, event = (json.loads(body) for body in world.bodies(url))
    assert (test["Event"], test["Bucket"]) == ("s3:TestEvent", "inbox")
    (record,) = event["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["object"]["key"] == "a+b.txt"


def leave(world: Queues, payload: dict[str, Any]) -> None:
    world.call(
        "lambda",
        "Invoke",
        FunctionName="f",
        InvocationType="Event",
        Payload=json.dumps(payload).encode(),
    )


def test_a_function_that_fails_leaves_its_event_in_a_queue(world: Queues) -> None:
    url = world.queue("dead")
    create_function(world, DeadLetterConfig={"TargetArn": arn_of("dead")})

    def fail(_event: Any, _spec: Any) -> Any:
        raise FunctionError("KeyError", "'size'")

    world.compute.handlers["f"] = fail
    leave(world, {"n": 1})
    world.advance(400)
    (got,) = world.receive(url, MessageAttributeNames=["All"])
    assert json.loads(got["Body"]) == {"n": 1}
    assert got["MessageAttributes"]["ErrorMessage"]["StringValue"] == "'size'"
    assert got["MessageAttributes"]["ErrorCode"] == {"DataType": "Number", "StringValue": "200"}


def test_a_function_that_succeeds_tells_its_destination(world: Queues) -> None:
    url = world.queue("done")
    create_function(world)
    world.call(
        "lambda",
        "PutFunctionEventInvokeConfig",
        FunctionName="f",
        DestinationConfig={"OnSuccess": {"Destination": arn_of("done")}},
    )
    world.compute.handlers["f"] = lambda event, _spec: {"twice": event["n"] * 2}
    leave(world, {"n": 4})
    world.settle()
    (body,) = world.bodies(url)
    record = json.loads(body)
    assert record["requestContext"]["condition"] == "Success"
    assert (record["requestPayload"], record["responsePayload"]) == ({"n": 4}, {"twice": 8})


def run_task(world: Queues, resource: str, parameters: dict[str, Any]) -> str:
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    arn = machine(world, {"StartAt": "T", "States": {"T": state}})
    return start(world, arn, {"x": 1})


def test_a_machine_sends(world: Queues) -> None:
    url = world.queue()
    attributes = {"k": {"DataType": "String", "StringValue": "v"}}
    execution = run_task(
        world,
        "arn:aws:states:::sqs:sendMessage",
        {"QueueUrl": url, "MessageBody.$": "$", "MessageAttributes": attributes},
    )
    world.settle()
    (got,) = world.receive(url, MessageAttributeNames=["All"])
    assert json.loads(got["Body"]) == {"x": 1} and got["MessageAttributes"] == attributes
    told = world.call("stepfunctions", "DescribeExecution", executionArn=execution)
    assert told["status"] == "SUCCEEDED"
    assert json.loads(told["output"])["MessageId"] == got["MessageId"]


def test_a_machine_waits_for_who_receives(world: Queues) -> None:
    url = world.queue()
    execution = run_task(
        world,
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
    )
    world.advance(100)
    world.crash()
    (body,) = world.bodies(url)
    world.call(
        "stepfunctions",
        "SendTaskSuccess",
        taskToken=json.loads(body)["token"],
        output='{"approved": true}',
    )
    world.settle()
    told = world.call("stepfunctions", "DescribeExecution", executionArn=execution)
    assert (told["status"], json.loads(told["output"])) == ("SUCCEEDED", {"approved": True})


def test_a_machine_long_polls_and_misses(world: Queues) -> None:
    url = world.queue()
    polling = run_task(
        world,
        "arn:aws:states:::aws-sdk:sqs:receiveMessage",
        {"QueueUrl": url, "WaitTimeSeconds": 20},
    )
    world.advance(5)
    world.send(url, "hi")
    world.settle()
    told = world.call("stepfunctions", "DescribeExecution", executionArn=polling)
    assert json.loads(told["output"])["Messages"][0]["Body"] == "hi"


def test_a_machine_learns_that_a_queue_is_gone(world: Queues) -> None:
    url = f"{world.kernel.endpoint}/{ACCOUNT}/nowhere"
    execution = run_task(
        world, "arn:aws:states:::sqs:sendMessage", {"QueueUrl": url, "MessageBody": "m"}
    )
    world.settle()
    told = world.call("stepfunctions", "DescribeExecution", executionArn=execution)
    assert (told["status"], told["error"]) == ("FAILED", "SQS.QueueDoesNotExistException")


def test_queues_are_registered_as_resources(world: Queues) -> None:
    url = world.queue(tags={"team": "x"})
    found = world.kernel.reader.execute(
        "SELECT account, region, arn FROM resource WHERE type = 'AWS::SQS::Queue'"
    ).fetchall()
    assert [tuple(row) for row in found] == [(ACCOUNT, REGION, arn_of("q"))]
    world.sqs("DeleteQueue", url)
    for table in ("resource", "tag"):
        count = world.kernel.reader.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        assert count == 0, table
