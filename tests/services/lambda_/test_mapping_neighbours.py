"""Mappings among the other services: what sample programs of AWS do with them."""

from __future__ import annotations

import json
from typing import Any

from owari.compute.fake import FunctionError
from owari.tracing import parse
from owari.wire.message import Upload
from tests.services.lambda_.mappings import Line
from tests.support.world import ACCOUNT, REGION, World


def arn(queue: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"


def test_failed_messages_of_a_group_are_moved_to_another_queue_and_processed(world: World) -> None:
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    dead = world.call("sqs", "CreateQueue", QueueName="dead.fifo", Attributes=fifo)["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": arn("dead.fifo"), "maxReceiveCount": 1})
    first = Line(world, "first.fifo", "first", attributes={"RedrivePolicy": policy})
    again = Line(world, "again.fifo", "again", attributes={"RedrivePolicy": policy})

    def fail(_records: Any) -> None:
        raise FunctionError("Exception", "Failed to process message")

    def delete_itself(records: Any) -> None:
        for record in records:
            handle = record["receiptHandle"]
            world.call("sqs", "DeleteMessage", QueueUrl=again.url, ReceiptHandle=handle)

    first.answer, again.answer = fail, delete_itself
    first.send("1", "2", "3", MessageGroupId="g")
    world.advance(100)
    assert first.counts() == (0, 0)
    asked = {"QueueUrl": dead, "AttributeNames": ["ApproximateNumberOfMessages"]}
    found = world.call("sqs", "GetQueueAttributes", **asked)["Attributes"]
    assert found == {"ApproximateNumberOfMessages": "3"}
    world.call(
        "sqs",
        "StartMessageMoveTask",
        SourceArn=arn("dead.fifo"),
        DestinationArn=arn("again.fifo"),
    )
    world.advance(10)
    assert again.all_bodies == ["1", "2", "3"] and again.counts() == (0, 0)


def put(world: World, key: str) -> None:
    body = Upload(size=1, md5=b"\x00" * 16, data=b"x")
    world.call("s3", "PutObject", Bucket="inbox", Key=key, Body=body)


def test_a_file_reaches_a_function_through_a_queue_in_one_trace(world: World) -> None:
    line = Line(world, "files")
    world.call("s3", "CreateBucket", Bucket="inbox")
    suffix = {"FilterRules": [{"Name": "suffix", "Value": ".jpg"}]}
    rule = {"QueueArn": line.arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": suffix}}
    world.call(
        "s3",
        "PutBucketNotificationConfiguration",
        Bucket="inbox",
        NotificationConfiguration={"QueueConfigurations": [rule]},
    )
    world.settle()
    put(world, "a.jpg")
    put(world, "b.txt")
    world.settle()
    test, event = (json.loads(body) for body in line.all_bodies)
    assert test["Event"] == "s3:TestEvent"
    assert event["Records"][0]["s3"]["object"]["key"] == "a.jpg"
    header = line.batches[-1][0]["attributes"]["AWSTraceHeader"]
    assert parse(world.compute.started[-1]["trace_id"]).root == parse(header).root
    assert parse(header).parent


def test_the_way_of_a_message_is_found_by_the_id_that_its_sender_got(world: World) -> None:
    line = Line(world, "work")
    sent = world.call("sqs", "SendMessage", QueueUrl=line.url, MessageBody="1")["MessageId"]
    world.crash()
    world.settle()
    assert line.all_bodies == ["1"]
    ran = parse(world.compute.started[-1]["trace_id"]).root
    assert world.call("owari", "GetTrace", Id=sent)["TraceId"] == ran


def test_every_message_of_a_batch_finds_its_way(world: World) -> None:
    line = Line(world, "work")
    entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(5)]
    sent = world.call("sqs", "SendMessageBatch", QueueUrl=line.url, Entries=entries)["Successful"]
    world.settle()
    assert line.bodies == [list("01234")]
    for entry in sent:
        found = world.call("owari", "GetTrace", Id=entry["MessageId"])
        assert [s["Subject"] for s in found["Spans"] if s["Kind"] == "run"] == [line.function]


def test_a_batch_of_several_traces_is_part_of_each(world: World) -> None:
    """Two files tell the queue, one batch has both: each file's way goes on to the function."""
    line = Line(world, "files", MaximumBatchingWindowInSeconds=5)
    world.call("s3", "CreateBucket", Bucket="inbox")
    rule = {"QueueArn": line.arn, "Events": ["s3:ObjectCreated:*"]}
    notify = {"QueueConfigurations": [rule]}
    world.call(
        "s3", "PutBucketNotificationConfiguration", Bucket="inbox", NotificationConfiguration=notify
    )
    world.advance(10)
    before = len(line.batches)
    put(world, "a")
    put(world, "b")
    world.advance(10)
    assert [len(batch) for batch in line.batches[before:]] == [2]
    for key in ("a", "b"):
        found = world.call("owari", "GetTrace", Id=f"s3://inbox/{key}")["Spans"]
        names = {span["SpanId"]: span["Name"] for span in found}
        ways = [(names.get(span.get("ParentId", "")), span["Name"]) for span in found]
        assert ways == [
            (None, "s3:PutObject"),
            ("s3:PutObject", "sqs:SendMessage"),
            ("sqs:SendMessage", "lambda.batch"),
        ]


def test_a_topic_through_queues_to_functions(world: World) -> None:
    topic = world.call("sns", "CreateTopic", Name="t")["TopicArn"]
    lines = {kind: Line(world, kind, f"on-{kind}") for kind in ("high", "low")}
    for kind, line in lines.items():
        attributes = {
            "RawMessageDelivery": "true",
            "FilterPolicy": json.dumps({"priority": [kind]}),
        }
        world.call(
            "sns",
            "Subscribe",
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=line.arn,
            Attributes=attributes,
        )
    for number, kind in enumerate(["low", "high", "low", "none"]):
        priority = {"priority": {"DataType": "String", "StringValue": kind}}
        world.call(
            "sns", "Publish", TopicArn=topic, Message=str(number), MessageAttributes=priority
        )
    world.settle()
    assert lines["high"].all_bodies == ["1"] and lines["low"].all_bodies == ["0", "2"]
    (record,) = lines["high"].records
    assert record["messageAttributes"]["priority"]["stringValue"] == "high"
