"""Lambda among the real S3 and SNS, where it meets them through their operations only."""

from __future__ import annotations

import hashlib
from typing import Any

from owari.compute.fake import FunctionError
from owari.wire.message import Upload
from tests.services.lambda_.support import create, package, refusal
from tests.support.world import World


def put_object(world: World, data: bytes) -> None:
    world.call("s3", "CreateBucket", Bucket="code")
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    body = Upload(size=len(data), md5=digest, data=data)
    world.call("s3", "PutObject", Bucket="code", Key="f.zip", Body=body)


def test_code_from_a_bucket(world: World) -> None:
    data = package({"main.py": "from s3"})
    put_object(world, data)
    made = create(world, Code={"S3Bucket": "code", "S3Key": "f.zip"})
    assert made["CodeSize"] == len(data)
    for place in ({"S3Bucket": "code", "S3Key": "g.zip"}, {"S3Bucket": "none", "S3Key": "f"}):
        error = refusal(lambda place=place: create(world, "g", Code=place))
        assert error.code == "InvalidParameterValueException"
        assert error.message.startswith("Error occurred while GetObject. S3 Error Code: NoSuch")


def test_a_dead_letter_reaches_the_functions_of_a_topic(world: World) -> None:
    topic = world.call("sns", "CreateTopic", Name="failures")["TopicArn"]
    watcher = create(world, "watcher")["FunctionArn"]
    world.call("sns", "Subscribe", TopicArn=topic, Protocol="lambda", Endpoint=watcher)
    create(world, "f", DeadLetterConfig={"TargetArn": topic})
    seen: list[Any] = []

    def fail(_event: Any, _spec: Any) -> None:
        raise FunctionError("ValueError", "no such size")

    world.compute.handlers["f"] = fail
    world.compute.handlers["watcher"] = lambda event, _spec: seen.append(event)
    world.call("lambda", "Invoke", FunctionName="f", InvocationType="Event", Payload=b'{"size": 9}')
    world.advance(170)
    assert seen == []
    world.advance(60)
    (event,) = seen
    message = event["Records"][0]["Sns"]
    assert message["Message"] == '{"size": 9}'
    attributes = message["MessageAttributes"]
    assert attributes["ErrorCode"] == {"Type": "Number", "Value": "200"}
    assert attributes["ErrorMessage"] == {"Type": "String", "Value": "no such size"}
