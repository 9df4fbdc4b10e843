"""Queues: names, URLs, attributes, tags, permissions, lists."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.services.sqs.core import QueueKey, queue_key
from tests.services.sqs.driving import Queues, arn_of
from tests.support.world import ACCOUNT, START

ENDPOINT = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (f"{ENDPOINT}/000000000001/q", "us-east-1"),
        ("http://localhost:9999/000000000001/q", "us-east-1"),
        ("http://host.docker.internal:4566/000000000001/q/", "us-east-1"),
        ("https://sqs.eu-west-3.amazonaws.com/000000000001/q", "eu-west-3"),
        ("https://eu-west-3.queue.amazonaws.com/000000000001/q", "eu-west-3"),
        ("https://queue.amazonaws.com/000000000001/q", "us-east-1"),
        ("http://localhost:4566/queue/ap-south-1/000000000001/q", "ap-south-1"),
    ],
)
def test_urls_of_any_host_form(url: str, region: str) -> None:
    assert queue_key(url, ENDPOINT, ACCOUNT, "us-east-1") == QueueKey("000000000001", region, "q")


def test_a_mere_name_and_what_is_no_address(world: Queues) -> None:
    url = world.queue()
    world.send(url)
    assert world.bodies("q") == ["m"]
    for bad in ("http://x/y/z", "a/b", "", "http://127.0.0.1:4566/123/q"):
        assert world.refused("ReceiveMessage", QueueUrl=bad)[0] == "InvalidAddress", bad
    assert world.refused("ReceiveMessage", QueueUrl="none") == (
        "QueueDoesNotExist",
        "The specified queue does not exist.",
    )


def test_accounts_and_regions_are_apart(world: Queues) -> None:
    for account, region in (("000000000000", "us-east-1"), ("000000000001", "eu-west-1")):
        world.call("sqs", "CreateQueue", account=account, region=region, QueueName="q")
    mine = world.call("sqs", "GetQueueUrl", QueueName="q")["QueueUrl"]
    assert mine == f"{ENDPOINT}/000000000000/q"
    assert world.refused("GetQueueUrl", QueueName="q", QueueOwnerAWSAccountId="000000000001")
    other = f"{ENDPOINT}/000000000001/q"
    world.call("sqs", "SendMessage", region="eu-west-1", QueueUrl=other, MessageBody="m")
    assert world.counts(mine) == (0, 0, 0)
    assert world.call("sqs", "ReceiveMessage", region="eu-west-1", QueueUrl=other)["Messages"]


def test_every_attribute(world: Queues) -> None:
    assert world.attributes(world.queue()) == {
        "QueueArn": arn_of("q"),
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "CreatedTimestamp": str(int(START)),
        "LastModifiedTimestamp": str(int(START)),
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "VisibilityTimeout": "30",
        "SqsManagedSseEnabled": "true",
    }
    url = world.queue("q.fifo", KmsMasterKeyId="alias/aws/sqs")
    shown = world.attributes(url)
    assert {name: shown[name] for name in shown if "Fifo" in name or "Dedup" in name} == {
        "FifoQueue": "true",
        "FifoThroughputLimit": "perQueue",
        "ContentBasedDeduplication": "false",
        "DeduplicationScope": "queue",
    }
    assert (shown["SqsManagedSseEnabled"], shown["KmsDataKeyReusePeriodSeconds"]) == (
        "false",
        "300",
    )
    world.advance(5)
    world.sqs("SetQueueAttributes", url, Attributes={"VisibilityTimeout": "7"})
    assert world.attributes(url, "VisibilityTimeout", "LastModifiedTimestamp") == {
        "VisibilityTimeout": "7",
        "LastModifiedTimestamp": str(int(START + 5)),
    }
    assert world.sqs("GetQueueAttributes", url) == {}


@pytest.mark.parametrize(
    ("name", "attributes", "code"),
    [
        ("q", {"VisibilityTimeout": "43201"}, "InvalidAttributeValue"),
        ("q", {"VisibilityTimeout": "1.5"}, "InvalidAttributeValue"),
        ("q", {"DelaySeconds": "-1"}, "InvalidAttributeValue"),
        ("q", {"MaximumMessageSize": "1023"}, "InvalidAttributeValue"),
        ("q", {"MessageRetentionPeriod": "59"}, "InvalidAttributeValue"),
        ("q", {"ReceiveMessageWaitTimeSeconds": "21"}, "InvalidAttributeValue"),
        ("q", {"Policy": "nonsense"}, "InvalidAttributeValue"),
        ("q", {"Policy": '{"Statement": ["x"]}'}, "InvalidAttributeValue"),
        ("q", {"Policy": '{"Statement": "x"}'}, "InvalidAttributeValue"),
        ("q", {"Policy": '{"Statement": [{"Sid": "\\ud800"}]}'}, "InvalidAttributeValue"),
        ("q", {"Nonsense": "1"}, "InvalidAttributeName"),
        ("q", {"QueueArn": "x"}, "InvalidAttributeName"),
        ("q", {"FifoQueue": "false"}, "InvalidAttributeName"),
        ("q", {"ContentBasedDeduplication": "true"}, "InvalidAttributeName"),
        ("q", {"FifoQueue": "true"}, "InvalidParameterValue"),
        ("q.fifo", {}, "InvalidParameterValue"),
        ("q" * 81, {}, "InvalidParameterValue"),
        ("q q", {}, "InvalidParameterValue"),
        (
            "q.fifo",
            {"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId"},
            "InvalidParameterValue",
        ),
    ],
)
def test_queues_that_cannot_be(
    world: Queues, name: str, attributes: dict[str, str], code: str
) -> None:
    assert world.refused("CreateQueue", QueueName=name, Attributes=attributes)[0] == code


def test_creating_again(world: Queues) -> None:
    url = world.queue(VisibilityTimeout=10, DelaySeconds=1)
    assert world.queue(VisibilityTimeout=10) == world.queue() == url
    code, message = world.refused(
        "CreateQueue", QueueName="q", Attributes={"VisibilityTimeout": "11"}
    )
    assert (code, message) == (
        "QueueNameExists",
        "A queue already exists with the same name and a different value for attribute"
        " VisibilityTimeout",
    )


def test_lists(world: Queues) -> None:
    assert world.call("sqs", "ListQueues") == {}
    for name in ("b1", "a1", "a2", "a3", "a1.fifo"):
        world.queue(name)
    prefixed = world.call("sqs", "ListQueues", QueueNamePrefix="a")
    names = ["a1", "a1.fifo", "a2", "a3"]
    assert prefixed == {"QueueUrls": [f"{ENDPOINT}/{ACCOUNT}/{name}" for name in names]}
    first = world.call("sqs", "ListQueues", MaxResults=3)
    rest = world.call("sqs", "ListQueues", MaxResults=3, NextToken=first["NextToken"])
    assert len(first["QueueUrls"]) == 3 and len(rest["QueueUrls"]) == 2
    assert "NextToken" not in rest
    assert world.refused("ListQueues", MaxResults=1001)[0] == "InvalidParameterValue"
    assert world.refused("ListQueues", NextToken="%")[0] == "InvalidParameterValue"


def test_tags(world: Queues) -> None:
    url = world.queue(tags={"a": "1", "b": "2"})
    world.sqs("TagQueue", url, Tags={"b": "3", "c": ""})
    world.sqs("UntagQueue", url, TagKeys=["a"])
    assert world.sqs("ListQueueTags", url) == {"Tags": {"b": "3", "c": ""}}
    many = {str(n): "" for n in range(51)}
    assert world.refused("TagQueue", QueueUrl=url, Tags=many)[0] == "InvalidParameterValue"
    world.sqs("DeleteQueue", url)
    assert world.sqs("ListQueueTags", world.queue()) == {}


def test_permissions(world: Queues) -> None:
    url = world.queue()
    grant: dict[str, Any] = {
        "QueueUrl": url,
        "Label": "l",
        "AWSAccountIds": ["000000000001"],
        "Actions": ["SendMessage", "ReceiveMessage"],
    }
    world.call("sqs", "AddPermission", **grant)
    policy = json.loads(world.attributes(url)["Policy"])
    assert policy == {
        "Version": "2008-10-17",
        "Id": f"{arn_of('q')}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "l",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::000000000001:root"},
                "Action": ["SQS:SendMessage", "SQS:ReceiveMessage"],
                "Resource": arn_of("q"),
            }
        ],
    }
    assert world.refused("AddPermission", **grant)[0] == "InvalidParameterValue"
    owner = grant | {"Label": "m", "Actions": ["DeleteQueue"]}
    assert "Only the queue owner" in world.refused("AddPermission", **owner)[1]
    assert world.refused("AddPermission", **grant | {"Label": "a b"})[0] == "InvalidParameterValue"
    for member in ("Actions", "AWSAccountIds"):
        nobody = grant | {"Label": "m", member: []}
        assert world.refused("AddPermission", **nobody)[0] == "MissingParameter"
    many = grant | {"Label": "m", "Actions": ["SendMessage"] * 8}
    assert world.refused("AddPermission", **many)[0] == "OverLimit"
    world.sqs("RemovePermission", url, Label="l")
    assert "Policy" not in world.attributes(url)
    code, _ = world.refused("RemovePermission", QueueUrl=url, Label="l")
    assert code == "InvalidParameterValue"
