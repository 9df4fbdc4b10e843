from __future__ import annotations

import json
from typing import Any

import pytest

from tests.services.sns.targets import FUNCTION, QUEUE, Targets
from tests.services.sns.test_topics import refused


def events(world: Targets) -> list[dict[str, Any]]:
    world.settle()
    return [json.loads(params["Payload"]) for _, _, params in world.invoked]


def test_a_function_gets_the_exact_event(world: Targets) -> None:
    topic = world.topic()
    arn = world.subscribe(topic, "lambda", FUNCTION)
    published = world.call(
        "sns",
        "Publish",
        TopicArn=topic,
        Message='{"key": "film.mp4"}',
        Subject="new film",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "video"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )
    assert events(world) == [
        {
            "Records": [
                {
                    "EventSource": "aws:sns",
                    "EventVersion": "1.0",
                    "EventSubscriptionArn": arn,
                    "Sns": {
                        "Type": "Notification",
                        "MessageId": published["MessageId"],
                        "TopicArn": topic,
                        "Subject": "new film",
                        "Message": '{"key": "film.mp4"}',
                        "Timestamp": "2030-01-01T00:00:00.000Z",
                        "SignatureVersion": "1",
                        "Signature": "",
                        "SigningCertUrl": "",
                        "UnsubscribeUrl": f"{world.kernel.endpoint}/?Action=Unsubscribe"
                        f"&SubscriptionArn={arn}",
                        "MessageAttributes": {
                            "kind": {"Type": "String", "Value": "video"},
                            "raw": {"Type": "Binary", "Value": "AAE="},
                        },
                    },
                }
            ]
        }
    ]
    _, principal, params = world.invoked[0]
    assert principal == "sns.amazonaws.com"
    assert (params["FunctionName"], params["InvocationType"]) == (FUNCTION, "Event")


def test_absent_subject_and_attributes(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "lambda", FUNCTION)
    world.subscribe(topic, "sqs", QUEUE)
    world.call("sns", "Publish", TargetArn=topic, Message="m")
    record = events(world)[0]["Records"][0]["Sns"]
    assert (record["Subject"], record["MessageAttributes"]) == (None, {})
    envelope = json.loads(world.queued[0]["MessageBody"])
    assert not {"Subject", "MessageAttributes", "SequenceNumber"} & envelope.keys()
    assert list(envelope)[:2] == ["Type", "MessageId"] and "SigningCertURL" in envelope


def test_filters_choose_who_gets_it(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "lambda", f"{FUNCTION}-a", FilterPolicy='{"size": ["720p"]}')
    world.subscribe(topic, "lambda", f"{FUNCTION}-b", FilterPolicy='{"size": ["480p"]}')
    body = {"FilterPolicyScope": "MessageBody", "FilterPolicy": '{"a": {"b": ["x"]}}'}
    world.subscribe(topic, "lambda", f"{FUNCTION}-c", **body)
    size = {"size": {"DataType": "String", "StringValue": "720p"}}
    world.call("sns", "Publish", TopicArn=topic, Message='{"a":{"b":"x"}}', MessageAttributes=size)
    world.settle()
    assert [p["FunctionName"][-1] for _, _, p in world.invoked] == ["a", "c"]


def test_each_protocol_may_get_its_own_text(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "lambda", FUNCTION)
    world.subscribe(topic, "sqs", QUEUE, RawMessageDelivery="true")
    message = json.dumps({"default": "d", "lambda": "for functions", "sms": 3})
    world.call("sns", "Publish", TopicArn=topic, Message=message, MessageStructure="json")
    assert events(world)[0]["Records"][0]["Sns"]["Message"] == "for functions"
    assert world.queued[0]["MessageBody"] == "d"


def test_raw_delivery_to_a_queue_carries_the_attributes(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "sqs", QUEUE, RawMessageDelivery="true")
    attributes = {"b": {"DataType": "Binary", "BinaryValue": b"\xff"}}
    world.call(
        "sns", "Publish", TopicArn=topic, Message="m", MessageAttributes=attributes,
        MessageGroupId="tenant-1",
    )  # fmt: skip
    world.settle()
    assert world.queued == [
        {
            "QueueUrl": f"{world.kernel.endpoint}/000000000000/jobs",
            "MessageBody": "m",
            "MessageAttributes": attributes,
            "MessageGroupId": "tenant-1",
        }
    ]


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"Message": ""}, "InvalidParameter", "Invalid parameter: Empty message"),
        ({"Message": "x" * 262_145}, "InvalidParameter", "Invalid parameter: Message too long"),
        ({"Message": "ü" * 131_073}, "InvalidParameter", "Invalid parameter: Message too long"),
        ({"Subject": ""}, "InvalidParameter", "Invalid parameter: Subject"),
        ({"Subject": "x" * 101}, "InvalidParameter", "Invalid parameter: Subject"),
        ({"Subject": "a\nb"}, "InvalidParameter", "Invalid parameter: Subject"),
        ({"MessageStructure": "xml"}, "InvalidParameter", "Invalid parameter: MessageStructure"),
        (
            {"MessageStructure": "json"},
            "InvalidParameter",
            "Invalid parameter: Message Structure - JSON message body failed to parse",
        ),
        (
            {"MessageStructure": "json", "Message": '{"sqs": "x"}'},
            "InvalidParameter",
            "Invalid parameter: Message Structure - No default entry in JSON message body",
        ),
        (
            {"MessageDeduplicationId": "x"},
            "InvalidParameter",
            "Invalid parameter: MessageDeduplicationId Reason: The request includes",
        ),
        ({"TopicArn": ""}, "InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason"),
        ({"TopicArn": "arn:aws:sns:us-east-1:000000000000:no"}, "NotFound", "Topic does not exist"),
    ],
)
def test_bad_messages(world: Targets, params: dict[str, Any], code: str, message: str) -> None:
    world.subscribe(world.topic(), "lambda", FUNCTION)
    refusal = refused(world, "Publish", **({"TopicArn": world.topic(), "Message": "m"} | params))
    assert refusal[0] == code and refusal[1].startswith(message)
    assert world.effects() == []


@pytest.mark.parametrize(
    ("name", "attribute", "message"),
    [
        ("a", {"DataType": "Number", "StringValue": "x"}, "Could not cast message attribute 'a'"),
        ("a", {"DataType": "Number", "StringValue": "nan"}, "Could not cast message attribute 'a'"),
        ("a", {"DataType": "Text", "StringValue": "x"}, "The message attribute 'a' has an invalid"),
        ("a", {"DataType": "", "StringValue": "x"}, "The message attribute 'a' must contain non-"),
        ("a", {"DataType": "String"}, "The message attribute 'a' must contain non-empty message"),
        ("a", {"DataType": "Binary", "StringValue": "x"}, "The message attribute 'a' must contain"),
        ("a b", {"DataType": "String", "StringValue": "x"}, "Invalid non-alphanumeric character"),
        (".a", {"DataType": "String", "StringValue": "x"}, "Message attribute name can not start"),
        ("aws.a", {"DataType": "String", "StringValue": "x"}, "You can't use message attribute"),
    ],
)
def test_bad_attributes(world: Targets, name: str, attribute: dict[str, Any], message: str) -> None:
    params = {"TopicArn": world.topic(), "Message": "m", "MessageAttributes": {name: attribute}}
    code, text = refused(world, "Publish", **params)
    assert code == "ParameterValueInvalid" and text.startswith(message)


def test_a_topic_may_take_larger_messages(world: Targets) -> None:
    topic = world.topic(MaximumMessageSize="1048576")
    world.call("sns", "Publish", TopicArn=topic, Message="x" * 1_048_576)
    world.subscribe(topic, "lambda", FUNCTION)
    too_long = refused(world, "Publish", TopicArn=topic, Message="x" * 1_048_577)
    assert too_long[1] == "Invalid parameter: Message too long"


def test_batch_entries_stand_alone(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "lambda", FUNCTION)
    entries = [
        {"Id": "good", "Message": "one"},
        {"Id": "bad", "Message": ""},
        {"Id": "also-good", "Message": "two"},
    ]
    answer = world.call("sns", "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [s["Id"] for s in answer["Successful"]] == ["good", "also-good"]
    assert answer["Failed"] == [
        {
            "Id": "bad",
            "Code": "InvalidParameter",
            "Message": "Invalid parameter: Empty message",
            "SenderFault": True,
        }
    ]
    assert [e["Records"][0]["Sns"]["Message"] for e in events(world)] == ["one", "two"]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([{"Id": str(n), "Message": "m"} for n in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": "a", "Message": "m"}] * 2, "BatchEntryIdsNotDistinct"),
        ([{"Id": "a b", "Message": "m"}], "InvalidBatchEntryId"),
        ([{"Id": c, "Message": "x" * 150_000} for c in "ab"], "BatchRequestTooLong"),
    ],
)
def test_bad_batches(world: Targets, entries: list[dict[str, str]], code: str) -> None:
    params = {"TopicArn": world.topic(), "PublishBatchRequestEntries": entries}
    assert refused(world, "PublishBatch", **params)[0] == code


def fifo(world: Targets, **attributes: str) -> str:
    topic = world.topic("t.fifo", FifoTopic="true", **attributes)
    world.subscribe(topic, "sqs", f"{QUEUE}.fifo", RawMessageDelivery="true")
    return topic


def test_fifo_messages_are_ordered_and_deduplicated(world: Targets) -> None:
    topic = fifo(world)

    def publish(message: str, dedup: str) -> dict[str, str]:
        found: dict[str, str] = world.call(
            "sns", "Publish", TopicArn=topic, Message=message, MessageGroupId="g",
            MessageDeduplicationId=dedup,
        )  # fmt: skip
        return found

    first = publish("a", "1")
    assert publish("b", "1") == first
    second = publish("c", "2")
    assert len(first["SequenceNumber"]) == 20
    assert int(second["SequenceNumber"]) > int(first["SequenceNumber"])
    world.settle()
    assert [q["MessageBody"] for q in world.queued] == ["a", "c"]
    assert world.queued[0]["MessageGroupId"] == "g"
    assert world.queued[0]["MessageDeduplicationId"] == "1"
    world.advance(300)
    assert publish("d", "1") != first


def test_fifo_messages_need_a_group_and_an_id(world: Targets) -> None:
    topic = fifo(world)
    params: dict[str, Any] = {"TopicArn": topic, "Message": "m"}
    assert "MessageGroupId parameter is required" in refused(world, "Publish", **params)[1]
    params["MessageGroupId"] = "g"
    assert "ContentBasedDeduplication enabled" in refused(world, "Publish", **params)[1]
    bad = refused(world, "Publish", **params | {"MessageGroupId": "a b"})
    assert bad[1].startswith("Invalid parameter: MessageGroupId Reason")


def test_content_based_deduplication_within_the_group(world: Targets) -> None:
    topic = fifo(world, ContentBasedDeduplication="true", FifoThroughputScope="MessageGroup")
    ids = [
        world.call("sns", "Publish", TopicArn=topic, Message="same", MessageGroupId=g)["MessageId"]
        for g in ("a", "a", "b")
    ]
    assert ids[0] == ids[1] != ids[2]


def test_a_topic_of_very_many_subscriptions_is_served_in_slices(world: Targets) -> None:
    topic = world.topic()
    for n in range(450):
        world.subscribe(topic, "lambda", f"{FUNCTION}{n}")
    world.call(
        "sns", "Publish", TopicArn=topic, Message="m",
        MessageAttributes={"b": {"DataType": "Binary", "BinaryValue": b"\x00"}},
    )  # fmt: skip
    assert len(world.effects()) == 201
    world.subscribe(topic, "lambda", f"{FUNCTION}-late")
    world.settle()
    assert len(world.invoked) == 450
    assert len({json.loads(p["Payload"])["Records"][0]["Sns"]["MessageId"]
                for _, _, p in world.invoked}) == 1  # fmt: skip


def test_a_message_a_filter_cannot_be_tried_on_is_refused_whole(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "lambda", f"{FUNCTION}1")
    policy = json.dumps({"a": [{"prefix": str(n)} for n in range(100)]})
    body = {"FilterPolicyScope": "MessageBody", "FilterPolicy": policy}
    world.subscribe(topic, "lambda", f"{FUNCTION}2", **body)
    message = json.dumps({"a": ["x"] * 50_000})
    assert refused(world, "Publish", TopicArn=topic, Message=message)[0] == "InvalidParameter"
    entries = [{"Id": "a", "Message": message}]
    answer = world.call("sns", "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)
    assert len(answer["Failed"]) == 1 and world.effects() == []
