"""Groups and streams: what there is, and what it is called."""

from __future__ import annotations

import pytest

from owari.errors import ServiceError
from tests.support.world import World


def refused(world: World, operation: str, **params: object) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        world.call("logs", operation, **params)
    return caught.value


def test_groups_are_created_described_and_deleted(world: World) -> None:
    for name in ("b", "/aws/lambda/f", "a"):
        world.call("logs", "CreateLogGroup", logGroupName=name, tags={"of": name})
    groups = world.call("logs", "DescribeLogGroups")["logGroups"]
    assert [g["logGroupName"] for g in groups] == ["/aws/lambda/f", "a", "b"]
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:a"
    assert groups[1]["arn"] == f"{arn}:*"
    assert groups[1]["logGroupArn"] == arn
    assert groups[1]["creationTime"] == int(world.clock.now() * 1000)
    world.call("logs", "DeleteLogGroup", logGroupName="a")
    left = world.call("logs", "DescribeLogGroups", logGroupNamePrefix="a")
    assert left == {"logGroups": []}


def test_group_errors(world: World) -> None:
    world.call("logs", "CreateLogGroup", logGroupName="g")
    error = refused(world, "CreateLogGroup", logGroupName="g")
    assert error.code == "ResourceAlreadyExistsException"
    assert error.message == "The specified log group already exists"
    error = refused(world, "DeleteLogGroup", logGroupName="none")
    assert error.code == "ResourceNotFoundException"
    assert error.message == "The specified log group does not exist."
    assert refused(world, "CreateLogGroup", logGroupName="a b").code == "InvalidParameterException"
    reserved = refused(world, "CreateLogGroup", logGroupName="aws/mine")
    assert reserved.message == "Log groups starting with AWS/ are reserved for AWS."
    token = refused(world, "DescribeLogGroups", nextToken="made up")
    assert token.message == "The specified nextToken is invalid."
    error = refused(world, "CreateLogGroup", logGroupName="k", kmsKeyId="x")
    assert (error.code, error.status) == ("NotImplemented", 501)
    both = refused(world, "DescribeLogStreams", logGroupName="g", logGroupIdentifier="g")
    assert both.code == "InvalidParameterException"


def test_groups_come_in_pages_and_by_pattern(world: World) -> None:
    for n in range(7):
        world.call("logs", "CreateLogGroup", logGroupName=f"group-{n}")
    names: list[str] = []
    token: dict[str, str] = {}
    pages = 0
    while True:
        page = world.call("logs", "DescribeLogGroups", limit=3, **token)
        names += [g["logGroupName"] for g in page["logGroups"]]
        pages += 1
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert names == [f"group-{n}" for n in range(7)]
    assert pages == 3
    found = world.call("logs", "DescribeLogGroups", logGroupNamePattern="up-3")["logGroups"]
    assert [g["logGroupName"] for g in found] == ["group-3"]


def test_accounts_and_regions_are_apart(world: World) -> None:
    world.call("logs", "CreateLogGroup", logGroupName="g")
    world.call("logs", "CreateLogGroup", logGroupName="g", account="111111111111")
    world.call("logs", "CreateLogGroup", logGroupName="g", region="eu-west-1")
    there = world.call("logs", "DescribeLogGroups", region="eu-west-1")["logGroups"]
    assert [g["arn"] for g in there] == ["arn:aws:logs:eu-west-1:000000000000:log-group:g:*"]


def test_deletion_protection(world: World) -> None:
    world.call("logs", "CreateLogGroup", logGroupName="g", deletionProtectionEnabled=True)
    assert refused(world, "DeleteLogGroup", logGroupName="g").code == "ValidationException"
    world.call(
        "logs",
        "PutLogGroupDeletionProtection",
        logGroupIdentifier="g",
        deletionProtectionEnabled=False,
    )
    world.call("logs", "DeleteLogGroup", logGroupName="g")


def test_retention_takes_only_the_listed_days(world: World) -> None:
    world.call("logs", "CreateLogGroup", logGroupName="g")
    world.call("logs", "PutRetentionPolicy", logGroupName="g", retentionInDays=7)
    assert world.call("logs", "DescribeLogGroups")["logGroups"][0]["retentionInDays"] == 7
    error = refused(world, "PutRetentionPolicy", logGroupName="g", retentionInDays=8)
    assert error.code == "InvalidParameterException"
    world.call("logs", "DeleteRetentionPolicy", logGroupName="g")
    assert "retentionInDays" not in world.call("logs", "DescribeLogGroups")["logGroups"][0]


def test_tags_through_both_interfaces(world: World) -> None:
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:g"
    world.call("logs", "CreateLogGroup", logGroupName="g", tags={"a": "1"})
    world.call("logs", "TagResource", resourceArn=arn, tags={"b": "2"})
    world.call("logs", "TagLogGroup", logGroupName="g", tags={"c": "3"})
    world.call("logs", "UntagResource", resourceArn=f"{arn}:*", tagKeys=["a"])
    wanted = {"tags": {"b": "2", "c": "3"}}
    assert world.call("logs", "ListTagsForResource", resourceArn=arn) == wanted
    world.call("logs", "UntagLogGroup", logGroupName="g", tags=["b"])
    assert world.call("logs", "ListTagsLogGroup", logGroupName="g") == {"tags": {"c": "3"}}
    many = {f"k{n}": "v" for n in range(60)}
    assert refused(world, "TagResource", resourceArn=arn, tags=many).code == "TooManyTagsException"


def test_streams_are_ordered_by_name_or_last_event(world: World) -> None:
    now = int(world.clock.now() * 1000)
    world.call("logs", "CreateLogGroup", logGroupName="g")
    for name, time in (("c", now), ("a", now + 5), ("b", None)):
        world.call("logs", "CreateLogStream", logGroupName="g", logStreamName=name)
        if time:
            events = [{"timestamp": time, "message": "m"}]
            world.call(
                "logs", "PutLogEvents", logGroupName="g", logStreamName=name, logEvents=events
            )

    def names(**params: object) -> list[str]:
        found: list[str] = []
        token: dict[str, object] = {}
        while True:
            page = world.call(
                "logs", "DescribeLogStreams", logGroupName="g", limit=2, **params, **token
            )
            found += [s["logStreamName"] for s in page["logStreams"]]
            if "nextToken" not in page:
                return found
            token = {"nextToken": page["nextToken"]}

    assert names() == ["a", "b", "c"]
    assert names(descending=True) == ["c", "b", "a"]
    assert names(orderBy="LastEventTime") == ["b", "c", "a"]
    assert names(orderBy="LastEventTime", descending=True) == ["a", "c", "b"]
    assert names(logStreamNamePrefix="c") == ["c"]
    first = world.call("logs", "DescribeLogStreams", logGroupIdentifier="g")["logStreams"][0]
    assert first["firstEventTimestamp"] == first["lastEventTimestamp"] == now + 5
    assert first["arn"].endswith(":log-group:g:log-stream:a")


def test_stream_errors(world: World) -> None:
    group = {"logGroupName": "g"}
    missing = refused(world, "CreateLogStream", **group, logStreamName="s")
    assert missing.code == "ResourceNotFoundException"
    world.call("logs", "CreateLogGroup", **group)
    world.call("logs", "CreateLogStream", **group, logStreamName="s")
    error = refused(world, "CreateLogStream", **group, logStreamName="s")
    assert error.code == "ResourceAlreadyExistsException"
    assert refused(world, "CreateLogStream", **group, logStreamName="a:b").code == (
        "InvalidParameterException"
    )
    error = refused(world, "GetLogEvents", **group, logStreamName="none")
    assert error.message == "The specified log stream does not exist."
    bad = refused(world, "DescribeLogStreams", **group, orderBy="LastEventTime", nextToken="zzz")
    assert bad.code == "InvalidParameterException"


def test_a_group_created_again_begins_empty(world: World) -> None:
    now = int(world.clock.now() * 1000)
    group = {"logGroupName": "g"}
    for message in ("old", "new"):
        world.call("logs", "CreateLogGroup", **group)
        world.call("logs", "CreateLogStream", **group, logStreamName="s")
        events = [{"timestamp": now, "message": message}]
        world.call("logs", "PutLogEvents", **group, logStreamName="s", logEvents=events)
        found = world.call("logs", "FilterLogEvents", **group)["events"]
        assert [e["message"] for e in found] == [message]
        if message == "old":
            world.call("logs", "DeleteLogGroup", **group)
    world.settle()
    chunks = world.kernel.reader.execute("SELECT COUNT(*) FROM log_chunk").fetchone()[0]
    assert chunks == 1
