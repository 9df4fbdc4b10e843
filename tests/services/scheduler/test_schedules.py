"""Scheduler's own resources: what may be made, how it is shown, what goes with what."""

from __future__ import annotations

from typing import Any

import pytest

from owari.errors import ServiceError
from tests.services.scheduler.conftest import HERE, OFF, ROLE, Clockwork
from tests.support.world import START


def refused(clockwork: Clockwork, code: str, operation: str, **params: Any) -> str:
    with pytest.raises(ServiceError) as caught:
        clockwork.call("scheduler", operation, **params)
    assert caught.value.code == code, caught.value
    return caught.value.message


def test_a_schedule_is_as_it_was_made(clockwork: Clockwork) -> None:
    arn = clockwork.make(
        "s", "cron(0 12 * * ? *)", Description="d", StartDate=START + 10, EndDate=START + 10_000,
        ScheduleExpressionTimezone="Asia/Tokyo", FlexibleTimeWindow={
            "Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
    )  # fmt: skip
    found = clockwork.call("scheduler", "GetSchedule", Name="s")
    assert arn == f"arn:aws:scheduler:{HERE}:schedule/default/s" == found["Arn"]
    assert found["State"] == "ENABLED" and found["ActionAfterCompletion"] == "NONE"
    assert found["CreationDate"] == found["LastModificationDate"] == START
    assert found["Target"]["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185,
    }  # fmt: skip
    assert found["StartDate"] == START + 10 and found["ScheduleExpressionTimezone"] == "Asia/Tokyo"


BAD: list[dict[str, Any]] = [
    {"ScheduleExpression": "rate(1 fortnight)"},
    {"ScheduleExpressionTimezone": "Mars/Olympus"},
    {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
    {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
    {"EndDate": START - 1},
    {"StartDate": START - 301},
    {"StartDate": START + 100, "EndDate": START + 50},
    {"Target": {"Arn": "nonsense", "RoleArn": ROLE}},
    {"Target": {"Arn": f"arn:aws:ecs:{HERE}:cluster/c", "RoleArn": ROLE}},
    {"Target": {"Arn": f"arn:aws:events:{HERE}:event-bus/b", "RoleArn": ROLE}},
    {"Target": {"Arn": f"arn:aws:sqs:{HERE}:q.fifo", "RoleArn": ROLE}},
    {"Target": {"Arn": f"arn:aws:batch:{HERE}:job-queue/q", "RoleArn": ROLE}},
    {"Target": {"Arn": f"arn:aws:states:{HERE}:stateMachine:m", "RoleArn": ROLE,
                "Input": "[" * 50_000 + "]" * 50_000}},
    {"Target": {"Arn": f"arn:aws:sqs:{HERE}:q", "RoleArn": ROLE,
                "SqsParameters": {"MessageGroupId": "g"}}},
    {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:s3:getObject", "RoleArn": ROLE}},
    {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs", "RoleArn": ROLE}},
    {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:nowhere:doIt", "RoleArn": ROLE}},
    {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:doIt", "RoleArn": ROLE}},
    {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "RoleArn": ROLE,
                "Input": "{"}},
]  # fmt: skip


@pytest.mark.parametrize("wrong", BAD, ids=[str(b)[:60] for b in BAD])
def test_refused(clockwork: Clockwork, wrong: dict[str, Any]) -> None:
    right = {
        "Name": "s", "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": OFF,
        "Target": {"Arn": clockwork.arn, "RoleArn": ROLE},
    }  # fmt: skip
    refused(clockwork, "ValidationException", "CreateSchedule", **(right | wrong))
    assert clockwork.call("scheduler", "ListSchedules")["Schedules"] == []


def test_what_is_not_there_and_what_is_there_already(clockwork: Clockwork) -> None:
    clockwork.make("s", "rate(1 hour)")
    with pytest.raises(ServiceError) as caught:
        clockwork.make("s", "rate(1 hour)")
    assert caught.value.code == "ConflictException"
    for operation in ("GetSchedule", "DeleteSchedule"):
        said = refused(clockwork, "ResourceNotFoundException", operation, Name="no")
        assert said == "Schedule no does not exist."
    refused(clockwork, "ResourceNotFoundException", "GetScheduleGroup", Name="no")
    refused(clockwork, "ResourceNotFoundException", "ListSchedules", GroupName="no")
    with pytest.raises(ServiceError) as caught:
        clockwork.make("s", "rate(1 hour)", GroupName="no")
    assert caught.value.code == "ResourceNotFoundException"


def test_groups_take_their_schedules_with_them(clockwork: Clockwork) -> None:
    clockwork.call("scheduler", "CreateScheduleGroup", Name="g", Tags=[{"Key": "a", "Value": "b"}])
    for n in range(250):
        clockwork.make(f"s{n:03d}", "rate(1 minute)", GroupName="g")
    clockwork.make("other", "rate(1 hour)")
    arn = f"arn:aws:scheduler:{HERE}:schedule-group/g"
    tags = clockwork.call("scheduler", "ListTagsForResource", ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]
    names, token = [], {}
    while True:
        page = clockwork.call("scheduler", "ListSchedules", GroupName="g", MaxResults=100, **token)
        names += [s["Name"] for s in page["Schedules"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert names == [f"s{n:03d}" for n in range(250)]
    clockwork.call("scheduler", "DeleteScheduleGroup", Name="g")
    refused(clockwork, "ConflictException", "CreateScheduleGroup", Name="g")  # not yet
    clockwork.world.settle()
    left = clockwork.call("scheduler", "ListSchedules")["Schedules"]
    assert [s["Name"] for s in left] == ["other"]
    groups = clockwork.call("scheduler", "ListScheduleGroups")["ScheduleGroups"]
    assert [g["Name"] for g in groups] == ["default"]
    assert len(clockwork.world.effects()) == 1, "a timer was left"
    refused(clockwork, "ValidationException", "DeleteScheduleGroup", Name="default")


def test_tokens_of_others(clockwork: Clockwork) -> None:
    for token in ("x", "W10=", "eyJhIjoxfQ==", "W1tbW1tb" * 200):
        refused(clockwork, "ValidationException", "ListSchedules", NextToken=token)
