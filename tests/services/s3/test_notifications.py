from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.effects import Call
from owari.errors import ServiceError
from owari.services.s3 import rules
from owari.wire.operation import REGISTRY, Operation, Params
from tests.services.s3.support import Api, refused

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
TOPIC = "arn:aws:sns:us-east-1:000000000000:t"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"


@pytest.fixture
def targets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`targets("lambda")`: from then on that service exists and has the target above."""
    checks = {
        "lambda": ("GetFunction", "FunctionName", FUNCTION),
        "sns": ("GetTopicAttributes", "TopicArn", TOPIC),
        "sqs": ("GetQueueUrl", "QueueName", "q"),
    }

    def exists(name: str, wanted: str) -> Callable[[Any, Params], dict[str, Any]]:
        def answer(_tx: Any, p: Params) -> dict[str, Any]:
            if p[name] != wanted:
                raise ServiceError("NotFound", "no such thing", status=404)
            return {}

        return answer

    known = dict(REGISTRY.operations)
    for service, (operation, _name, _wanted) in checks.items():
        known.pop((service, operation), None)
    monkeypatch.setattr(REGISTRY, "operations", known)

    def declare(*services: str) -> None:
        for service in services:
            operation, name, wanted = checks[service]
            handler = exists(name, wanted)
            known[service, operation] = Operation(service, operation, handler, lambda _p: True)

    declare("lambda", "sns", "sqs")
    yield declare


def function(*events: str, arn: str = FUNCTION, **filters: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "LambdaFunctionArn": arn,
        "Events": list(events or ["s3:ObjectCreated:*"]),
    }
    if filters:
        some = [{"Name": name, "Value": value} for name, value in filters.items()]
        made["Filter"] = {"Key": {"FilterRules": some}}
    return made


def configure(s3: Api, *functions: dict[str, Any], **more: Any) -> None:
    configuration = {"LambdaFunctionConfigurations": list(functions)} if functions else {}
    s3.PutBucketNotificationConfiguration(
        Bucket="bkt", NotificationConfiguration=configuration | more
    )


def calls(s3: Api) -> list[Call]:
    """What waits in the outbox, in the order it was emitted."""
    envelopes = sorted(s3.world.effects(), key=lambda envelope: envelope.seq)
    assert {envelope.principal for envelope in envelopes} <= {"s3.amazonaws.com"}
    return [e.effect for e in envelopes if isinstance(e.effect, Call)]


def records(s3: Api) -> list[dict[str, Any]]:
    found = []
    for call in calls(s3):
        assert (call.service, call.operation) == ("lambda", "Invoke")
        assert call.params["InvocationType"] == "Event"
        found += json.loads(call.params["Payload"])["Records"]
    return found


# ---- configuration
def test_what_is_put_is_got_with_ids(s3: Api, targets: Any) -> None:
    assert s3.GetBucketNotificationConfiguration(Bucket="bkt") == {}
    configure(
        s3,
        function(prefix="in/", suffix=".mp4") | {"Id": "mine"},
        EventBridgeConfiguration={},
    )
    assert s3.GetBucketNotificationConfiguration(Bucket="bkt") == {
        "LambdaFunctionConfigurations": [
            {
                "Id": "mine",
                "LambdaFunctionArn": FUNCTION,
                "Events": ["s3:ObjectCreated:*"],
                "Filter": {
                    "Key": {
                        "FilterRules": [
                            {"Name": "Prefix", "Value": "in/"},
                            {"Name": "Suffix", "Value": ".mp4"},
                        ]
                    }
                },
            }
        ],
        "EventBridgeConfiguration": {},
    }
    configure(s3, function())
    entry = s3.GetBucketNotificationConfiguration(Bucket="bkt")["LambdaFunctionConfigurations"][0]
    assert re.fullmatch(r"[0-9a-f-]{36}", entry["Id"])
    configure(s3)
    assert s3.GetBucketNotificationConfiguration(Bucket="bkt") == {}


CREATED, REMOVED = "s3:ObjectCreated:*", "s3:ObjectRemoved:*"
REFUSED = [
    ([function(), function()], "Configurations overlap"),
    ([function(CREATED), function("s3:ObjectCreated:Put")], "Configurations overlap"),
    ([function(prefix="a"), function(prefix="ab")], "ambiguously defined"),
    ([function(prefix="a", suffix="x"), function(suffix="yx")], "ambiguously defined"),
    ([function("s3:Nonsense:*")], "not supported"),
    ([function(arn="nonsense")], "could not be parsed"),
    ([function(arn=TOPIC)], "could not be parsed"),
    ([function(arn=FUNCTION.replace("us-east-1", "eu-west-1"))], "region is not valid"),
    ([function(middle="x")], "either prefix or suffix"),
    ([function(prefix="a", Prefix="b")], "more than one prefix"),
    ([function(prefix="x" * 1025)], "1024 bytes"),
    ([function(CREATED) | {"Id": "a"}, function(REMOVED) | {"Id": "a"}], "unique"),
    ([function() | {"Id": "a" * 256}], "255"),
]


@pytest.mark.parametrize(("functions", "message"), REFUSED)
def test_refused(s3: Api, targets: Any, functions: list[dict[str, Any]], message: str) -> None:
    with refused("InvalidArgument", 400) as caught:
        configure(s3, *functions)
    assert message in caught[0].message
    assert s3.GetBucketNotificationConfiguration(Bucket="bkt") == {}


ACCEPTED = [
    [function(CREATED), function(REMOVED)],
    [function(prefix="a"), function(prefix="b")],
    [function(suffix=".x"), function(suffix=".y")],
    [function(prefix="a", suffix=".x"), function(prefix="ab", suffix=".y")],
]


@pytest.mark.parametrize("functions", ACCEPTED)
def test_accepted(s3: Api, targets: Any, functions: list[dict[str, Any]]) -> None:
    configure(s3, *functions)


def test_targets_must_exist(s3: Api, targets: Any) -> None:
    other = FUNCTION + "2"
    with refused(
        "InvalidArgument",
        400,
        ArgumentName1=other,
        ArgumentValue1="The destination Lambda does not exist",
    ) as caught:
        configure(s3, function(arn=other))
    assert caught[0].message == "Unable to validate the following destination configurations"
    s3.PutBucketNotificationConfiguration(
        Bucket="bkt",
        NotificationConfiguration={"LambdaFunctionConfigurations": [function(arn=other)]},
        SkipDestinationValidation=True,
    )


def test_topics_and_queues_get_a_test_event(s3: Api, targets: Any) -> None:
    configure(
        s3,
        function(REMOVED),
        TopicConfigurations=[{"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:Put"]}],
        QueueConfigurations=[{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:Copy"]}],
    )
    publish, send = calls(s3)
    assert (publish.service, publish.operation) == ("sns", "Publish")
    assert publish.params["TopicArn"] == TOPIC
    assert publish.params["Subject"] == "Amazon S3 Notification"
    body = json.loads(publish.params["Message"])
    assert (body["Service"], body["Event"], body["Bucket"]) == ("Amazon S3", "s3:TestEvent", "bkt")
    assert body["Time"] == "2030-01-01T00:00:00.000Z"
    assert (send.service, send.operation) == ("sqs", "SendMessage")
    assert send.params["QueueUrl"].endswith("/000000000000/q")
    assert json.loads(send.params["MessageBody"]) == body


# ---- events
def test_the_record_of_a_put(s3: Api, targets: Any) -> None:
    configure(s3, function(prefix="in/", suffix=".mp4") | {"Id": "rule"})
    s3.world.clock.time += 1.234
    s3.put("in/a b+ü:1.mp4", b"data")
    s3.put("out/a.mp4")
    s3.put("in/a.mp3")
    (record,) = records(s3)
    sequencer = record["s3"]["object"].pop("sequencer")
    assert re.fullmatch(r"[0-9A-F]{18}", sequencer)
    owner = record["s3"]["bucket"].pop("ownerIdentity")
    assert re.fullmatch(r"A[0-9A-F]{13}", owner["principalId"])
    assert record.pop("userIdentity")["principalId"].startswith("AWS:A")
    elements = record.pop("responseElements")
    assert set(elements) == {"x-amz-request-id", "x-amz-id-2"} and all(elements.values())
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2030-01-01T00:00:01.234Z",
        "eventName": "ObjectCreated:Put",
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "rule",
            "bucket": {"name": "bkt", "arn": "arn:aws:s3:::bkt"},
            "object": {
                "key": "in/a+b%2B%C3%BC%3A1.mp4",
                "size": 4,
                "eTag": "8d777f385d3dfec8815d20f7496026dc",
            },
        },
    }


def test_every_kind_of_change_is_told_in_order(s3: Api, targets: Any) -> None:
    configure(
        s3, function(CREATED), function(REMOVED), function("s3:ObjectTagging:*"),
        function("s3:ObjectAcl:Put"),
    )  # fmt: skip
    tag = {"TagSet": [{"Key": "a", "Value": "1"}]}
    s3.put("a", b"1")
    s3.CopyObject(Bucket="bkt", Key="b", CopySource="bkt/a")
    upload = s3.CreateMultipartUpload(Bucket="bkt", Key="c")["UploadId"]
    part = {"Bucket": "bkt", "Key": "c", "UploadId": upload}
    etag = s3.UploadPart(**part, PartNumber=1, Body=s3.upload(b"part"))["ETag"]
    whole = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.CompleteMultipartUpload(**part, MultipartUpload=whole)
    s3.PutObjectTagging(Bucket="bkt", Key="a", Tagging=tag)
    s3.DeleteObjectTagging(Bucket="bkt", Key="a")
    s3.DeleteObject(Bucket="bkt", Key="a")
    s3.DeleteObject(Bucket="bkt", Key="never there")
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    s3.DeleteObjects(Bucket="bkt", Delete={"Objects": [{"Key": "b"}]})
    found = records(s3)
    assert [record["eventName"] for record in found] == [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload",
        "ObjectTagging:Put",
        "ObjectTagging:Delete",
        "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
    ]
    objects = [record["s3"]["object"] for record in found]
    sequencers = [thing["sequencer"] for thing in objects]
    assert sequencers == sorted(set(sequencers))
    assert objects[2]["eTag"].endswith("-1") and objects[2]["size"] == 4
    assert "size" not in objects[3] and "eTag" in objects[3]
    assert set(objects[5]) == {"key", "sequencer"}
    assert len(objects[6]["versionId"]) == 32
    assert [record["eventVersion"] for record in found][2:5] == ["2.1", "2.3", "2.3"]


def test_a_form_is_told_from_a_put(s3: Api, targets: Any) -> None:
    configure(s3, function("s3:ObjectCreated:Post"))
    s3.put("k")
    s3.PutObject(Bucket="bkt", Key="k", Body=replace(s3.upload(b"x"), form=True))
    assert [record["eventName"] for record in records(s3)] == ["ObjectCreated:Post"]


def test_a_refused_change_tells_nobody(s3: Api, targets: Any) -> None:
    configure(s3, function())
    s3.put("k")
    with refused("PreconditionFailed"):
        s3.put("k", IfMatch='"x"')
    assert len(records(s3)) == 1


def test_event_bridge(s3: Api, targets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(s3, EventBridgeConfiguration={})
    s3.put("before there was a bus")
    assert calls(s3) == []
    rules = {"Rules": [{"State": "ENABLED", "EventPattern": '{"source":["aws.s3"]}'}]}
    for name, answer in (("PutEvents", {}), ("ListRules", rules)):
        made = Operation("events", name, lambda _tx, _p, answer=answer: answer, lambda _p: False)
        monkeypatch.setitem(REGISTRY.operations, ("events", name), made)
    s3.world.kernel.cache.clear()
    s3.put("a b", b"data")
    s3.DeleteObject(Bucket="bkt", Key="a b")
    created, deleted = (call.params["Entries"][0] for call in calls(s3))
    assert (created["Source"], created["DetailType"]) == ("aws.s3", "Object Created")
    assert created["Resources"] == ["arn:aws:s3:::bkt"]
    detail = json.loads(created["Detail"])
    assert detail["reason"] == "PutObject" and detail["bucket"] == {"name": "bkt"}
    assert (detail["object"]["key"], detail["object"]["size"]) == ("a b", 4)
    detail = json.loads(deleted["Detail"])
    assert deleted["DetailType"] == "Object Deleted"
    assert detail["deletion-type"] == "Permanently Deleted"


def rule(prefix: str, suffix: str) -> rules.Rule:
    return rules.Rule("TopicConfigurations", TOPIC, "i", (CREATED,), prefix, suffix)


texts = st.text("ab=/", max_size=3)


@given(texts, texts, texts, texts, st.text("ab=/", max_size=6))
def test_rules_accepted_together_never_match_the_same_key(
    p1: str, s1: str, p2: str, s2: str, key: str
) -> None:
    one, other = rule(p1, s1), rule(p2, s2)
    try:
        rules._check_overlap(one, other)
    except ServiceError:
        return
    event = "ObjectCreated:Put"
    assert not (one.matches(event, key) and other.matches(event, key))


def test_filters_may_be_url_encoded(s3: Api) -> None:
    assert rule("date%3D1/", "").matches("ObjectCreated:Put", "date=1/k")
    assert rule("date=1/", "").matches("ObjectCreated:Put", "date=1/k")
    assert not rule("date=1/", "").matches("ObjectRemoved:Delete", "date=1/k")


def test_with_the_real_topic_service(s3: Api) -> None:
    arn = s3.world.call("sns", "CreateTopic", Name="real")["TopicArn"]
    wanted = {"TopicArn": arn, "Events": [CREATED]}
    with refused("InvalidArgument", 400, ArgumentName1=arn + "-not"):
        configure(s3, TopicConfigurations=[wanted | {"TopicArn": arn + "-not"}])
    configure(s3, TopicConfigurations=[wanted])
    s3.put("k")
    assert len(calls(s3)) == 2
    s3.world.settle()
    assert s3.world.effects() == []
