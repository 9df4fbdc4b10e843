"""What SQS, SNS, EventBridge and the Scheduler keep: made, used, deleted in the middle of it."""

from __future__ import annotations

import json
from typing import Any

from owari.effects import Http
from tests.leftovers.watched import DAY, ROLE, Watched, arn
from tests.support.world import ACCOUNT


def _queue(world: Watched, name: str, **attributes: str) -> str:
    if name.endswith(".fifo"):
        attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    made = world.call("sqs", "CreateQueue", QueueName=name, Attributes=attributes, tags={"k": "v"})
    return str(made["QueueUrl"])


def sqs(world: Watched) -> None:
    """Queues are deleted with messages in them, some in flight, one being moved."""
    dead, fifo = _queue(world, "dead"), _queue(world, "q.fifo")
    redrive = {"deadLetterTargetArn": arn("sqs", "dead"), "maxReceiveCount": 1}
    live = _queue(world, "q", RedrivePolicy=json.dumps(redrive))
    for n in range(12):
        world.call("sqs", "SendMessage", QueueUrl=live, MessageBody=str(n), DelaySeconds=n % 2)
        world.call("sqs", "SendMessage", QueueUrl=fifo, MessageBody=str(n), MessageGroupId="g")
    for _ in range(3):
        world.call("sqs", "ReceiveMessage", QueueUrl=live, MaxNumberOfMessages=10)
        world.call(
            "sqs", "ReceiveMessage", QueueUrl=fifo, ReceiveRequestAttemptId="a",
            MaxNumberOfMessages=2,
        )  # fmt: skip
        world.advance(40)
    _move(world)
    world.settle()
    for _ in range(12):  # more than AWS tells of
        _move(world)
        world.settle()
    assert world.tables()["sqs_move_task"] == 10
    _move(world, MaxNumberOfMessagesPerSecond=1)
    world.call("sqs", "PurgeQueue", QueueUrl=live)
    for url in (live, fifo, dead):
        world.call("sqs", "DeleteQueue", QueueUrl=url)


def _move(world: Watched, **more: Any) -> None:
    world.call("sqs", "StartMessageMoveTask", SourceArn=arn("sqs", "dead"), **more)


def sns(world: Watched) -> None:
    """Topics are deleted with subscriptions of every kind, and with deliveries being retried."""
    _queue(world, "in.fifo")
    topic, fifo = arn("sns", "t"), arn("sns", "t.fifo")
    tags = [{"Key": "k", "Value": "v"}]
    world.call("sns", "CreateTopic", Name="t", Tags=tags)
    named = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    world.call("sns", "CreateTopic", Name="t.fifo", Attributes=named)
    _subscribe(world, fifo, "sqs", arn("sqs", "in.fifo"))
    _subscribe(world, topic, "sqs", arn("sqs", "gone"))
    _subscribe(world, topic, "https", "https://example.com/in")
    ended = _subscribe(world, topic, "sqs", arn("sqs", "other"))
    world.call("sns", "Unsubscribe", SubscriptionArn=ended)
    for to, more in ((topic, {}), (fifo, {"MessageGroupId": "g"})):
        world.call("sns", "Publish", TopicArn=to, Message="m", **more)
        world.call("sns", "Publish", TopicArn=to, Message="m", **more)
    world.settle()
    for to in (topic, fifo):
        world.call("sns", "DeleteTopic", TopicArn=to)
    world.call("sqs", "DeleteQueue", QueueUrl=f"{world.kernel.endpoint}/{ACCOUNT}/in.fifo")


def _subscribe(world: Watched, topic: str, protocol: str, endpoint: str) -> str:
    made = world.call(
        "sns", "Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=endpoint,
        ReturnSubscriptionArn=True,
    )  # fmt: skip
    return str(made["SubscriptionArn"])


def scheduler(world: Watched) -> None:
    """A group is deleted with its schedules, one of which fires and fails for a while."""
    tags = [{"Key": "k", "Value": "v"}]
    world.call("scheduler", "CreateScheduleGroup", Name="g", Tags=tags)
    target = {"Arn": arn("sqs", "gone"), "RoleArn": ROLE}
    for group, name in (("g", "a"), ("g", "b"), ("default", "c")):
        world.call(
            "scheduler", "CreateSchedule", Name=name, GroupName=group, Target=target,
            ScheduleExpression="rate(1 minute)", FlexibleTimeWindow={"Mode": "OFF"},
        )  # fmt: skip
    world.advance(90)
    world.call("scheduler", "DeleteScheduleGroup", Name="g")
    world.call("scheduler", "DeleteSchedule", Name="c")


def events(world: Watched) -> None:
    """A bus of its own and the default one; events that nobody can take; a replay."""

    def call(operation: str, **params: Any) -> dict[str, Any]:
        return world.call("events", operation, **params)

    _web(world)
    call("CreateEventBus", Name="b", Tags=[{"Key": "k", "Value": "v"}])
    pattern = json.dumps({"source": ["app"]})
    tags = [{"Key": "k", "Value": "v"}]
    for bus in ("b", "default"):
        named = {"Name": "r", "EventBusName": bus}
        call("PutRule", **named, EventPattern=pattern, Tags=tags)
        targets = [
            {"Id": "1", "Arn": arn("sqs", "gone"), "DeadLetterConfig": {"Arn": arn("sqs", "dead")}},
            {"Id": "2", "Arn": _destination(world), "RoleArn": ROLE},
        ]
        call("PutTargets", Rule="r", EventBusName=bus, Targets=targets)
        source = arn("events", f"event-bus/{bus}")
        call("CreateArchive", ArchiveName=bus, EventSourceArn=source, RetentionDays=1)
        call("PutPermission", EventBusName=bus, StatementId="s", Principal="*",
             Action="events:PutEvents")  # fmt: skip
        entry = {"Source": "app", "DetailType": "d", "Detail": "{}", "EventBusName": bus}
        call("PutEvents", Entries=[entry])
        now = world.clock.now()
        call(
            "StartReplay", ReplayName=bus, EventSourceArn=arn("events", f"archive/{bus}"),
            EventStartTime=now - 60, EventEndTime=now + 60, Destination={"Arn": source},
        )  # fmt: skip
    call("PutRule", Name="tick", ScheduleExpression="rate(1 hour)")
    world.settle()
    for bus in ("b", "default"):
        call("RemoveTargets", Rule="r", EventBusName=bus, Ids=["1", "2"])
        call("DeleteRule", Name="r", EventBusName=bus)
        call("DeleteArchive", ArchiveName=bus)
        call("RemovePermission", EventBusName=bus, RemoveAllPermissions=True)
    call("DeleteRule", Name="tick")
    call("DeleteEventBus", Name="b")
    call("DeleteApiDestination", Name="d")
    call("DeleteConnection", Name="c")
    world.advance(89 * DAY)
    assert call("DescribeReplay", ReplayName="b")["State"] == "COMPLETED"


def _web(world: Watched) -> None:
    """An API destination that is out of order."""

    def refuse(_effect: Http) -> int:
        return 503

    world.http.answer = refuse
    key = {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}
    connection = world.call(
        "events", "CreateConnection", Name="c", AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": key},
    )["ConnectionArn"]  # fmt: skip
    world.call(
        "events", "CreateApiDestination", Name="d", ConnectionArn=connection,
        InvocationEndpoint="https://example.com/in", HttpMethod="POST",
    )  # fmt: skip


def _destination(world: Watched) -> str:
    return str(world.call("events", "DescribeApiDestination", Name="d")["ApiDestinationArn"])
