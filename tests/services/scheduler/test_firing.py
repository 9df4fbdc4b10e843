"""Schedules fire on time, once, whatever is killed; failures are retried and then told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.errors import ServiceError
from owari.services.scheduler.core import catch_up
from tests.services.scheduler.conftest import HERE, ROLE, Clockwork
from tests.simulation.pipeline import some_zip
from tests.support.world import START, Disconnected

HOUR, DAY = 3600.0, 86_400.0


def test_kinds_of_schedules(clockwork: Clockwork) -> None:
    clockwork.make("every", "rate(8 hours)")
    clockwork.make("noon", "cron(0 12 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin")
    clockwork.make("once", "at(2030-01-01T10:00:00)")
    clockwork.make("off", "rate(1 minute)", State="DISABLED")
    clockwork.make("past", "at(2029-01-01T10:00:00)")
    clockwork.world.advance(DAY - 1)
    assert sorted(clockwork.told()) == [
        "every 2030-01-01T08:00:00Z", "every 2030-01-01T16:00:00Z",
        "noon 2030-01-01T11:00:00Z", "once 2030-01-01T10:00:00Z",
    ]  # fmt: skip


def test_from_start_to_end(clockwork: Clockwork) -> None:
    clockwork.make("s", "rate(1 hour)", StartDate=START + 1800, EndDate=START + 1800 + 2 * HOUR)
    clockwork.world.advance(DAY)
    times = ["2030-01-01T00:30:00Z", "2030-01-01T01:30:00Z", "2030-01-01T02:30:00Z"]
    assert clockwork.told() == [f"s {time}" for time in times]


def test_it_goes_when_it_is_done(clockwork: Clockwork) -> None:
    clockwork.make("s", "at(2030-01-01T01:00:00)", ActionAfterCompletion="DELETE")
    clockwork.make("kept", "at(2030-01-01T01:00:00)")
    clockwork.world.advance(2 * HOUR)
    listed = clockwork.call("scheduler", "ListSchedules")["Schedules"]
    assert [s["Name"] for s in listed] == ["kept"]
    assert len(clockwork.told()) == 2


def test_once_is_once_whatever_the_dates(clockwork: Clockwork) -> None:
    clockwork.make(
        "s", "at(2030-01-01T01:00:00)", StartDate=START + 2 * HOUR, EndDate=START + 3 * HOUR
    )
    clockwork.world.advance(DAY)
    assert clockwork.told() == ["s 2030-01-01T01:00:00Z"]


def test_what_its_window_puts_off_past_a_restart_was_not_missed(clockwork: Clockwork) -> None:
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}
    for n in range(5):
        clockwork.make(f"s{n}", "at(2030-01-01T01:00:00)", FlexibleTimeWindow=window)
    clockwork.world.advance(HOUR + 1)
    clockwork.world.crash()
    clockwork.world.advance(HOUR)
    assert sorted(clockwork.told()) == [f"s{n} 2030-01-01T01:00:00Z" for n in range(5)]
    run = clockwork.world.kernel.reader.execute
    assert run("SELECT SUM(missed) FROM scheduler_schedule").fetchone()[0] == 0


def test_a_firing_is_found_by_its_id_among_many(clockwork: Clockwork) -> None:
    run = clockwork.world.kernel.reader.execute
    (step,) = run("EXPLAIN QUERY PLAN SELECT * FROM scheduler_firing WHERE id = ''").fetchall()
    assert "USING INDEX scheduler_firing_id" in step["detail"]


def test_a_start_that_has_passed_may_stay(clockwork: Clockwork) -> None:
    clockwork.make("s", "rate(1 hour)", StartDate=START + 60)
    clockwork.world.advance(HOUR)
    same = clockwork.call("scheduler", "GetSchedule", Name="s")
    kept = {k: same[k] for k in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
    clockwork.call("scheduler", "UpdateSchedule", **kept, StartDate=same["StartDate"])
    with pytest.raises(ServiceError, match="earlier than 5 minutes ago"):
        clockwork.call("scheduler", "UpdateSchedule", **kept, StartDate=START)


def test_a_flexible_window(clockwork: Clockwork) -> None:
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    for n in range(50):
        clockwork.make(f"s{n}", "at(2030-01-01T01:00:00)", FlexibleTimeWindow=window)
    clockwork.world.advance(HOUR - 1)
    assert clockwork.told() == []
    clockwork.world.advance(8 * 60)
    early = len(clockwork.told())
    clockwork.world.advance(8 * 60)
    assert 5 < early < 45 and early + len(clockwork.told()) == 50


def test_changes_count_from_now_on(clockwork: Clockwork) -> None:
    clockwork.make("s", "rate(1 minute)")
    clockwork.world.advance(90)
    assert len(clockwork.told()) == 1
    settings = {"FlexibleTimeWindow": {"Mode": "OFF"}, "Name": "s"}
    target = {"Arn": clockwork.arn, "RoleArn": ROLE, "Input": "changed"}
    clockwork.call(
        "scheduler", "UpdateSchedule", ScheduleExpression="rate(1 hour)", Target=target, **settings
    )
    clockwork.world.advance(HOUR)
    assert clockwork.told() == ["changed"]
    clockwork.call("scheduler", "DeleteSchedule", Name="s")
    clockwork.world.advance(DAY)
    assert clockwork.told() == []
    assert clockwork.world.effects() == []


def test_what_was_missed_is_made_up_for_once(
    clockwork: Clockwork, caplog: pytest.LogCaptureFixture
) -> None:
    clockwork.make("rate", "rate(10 minutes)")
    clockwork.make("cron", "cron(0 * * * ? *)")
    clockwork.make("once", "at(2030-01-01T03:00:00)")
    clockwork.make("later", "cron(0 12 * * ? *)")
    clockwork.world.close()
    clockwork.world.clock.time += 5 * HOUR + 61
    clockwork.world._open()
    clockwork.world.settle()
    assert sorted(clockwork.told()) == [
        "cron 2030-01-01T05:00:00Z", "once 2030-01-01T03:00:00Z", "rate 2030-01-01T05:00:00Z",
    ]  # fmt: skip
    said = [r.getMessage() for r in caplog.records if "was due" in r.getMessage()]
    assert any("rate was due 30 times" in line for line in said)
    assert any("cron was due 5 times" in line for line in said)
    clockwork.world.advance(600)
    assert clockwork.told() == ["rate 2030-01-01T05:10:00Z"]


EVERY_MINUTE = {"ScheduleExpression": "cron(* * * * ? *)"}


@pytest.mark.parametrize(
    ("settings", "until", "expected"),
    [
        (EVERY_MINUTE, 61.0, (60.0, 2)),
        (EVERY_MINUTE, 60.0, (0.0, 1)),
        (EVERY_MINUTE | {"EndDate": START + 120}, DAY, (120.0, 3)),
        (EVERY_MINUTE, 400 * DAY, (400 * DAY - 60, 1000)),  # a bounded turn of the writer
        ({"ScheduleExpression": "cron(0 0 * * ? *)"}, 2000 * DAY, (1999 * DAY, 1000)),
        ({"ScheduleExpression": "rate(1 minute)"}, 400 * DAY, (400 * DAY - 60, 576_000)),
        ({"ScheduleExpression": "rate(1 minute)", "EndDate": START + 130}, DAY, (120.0, 3)),
        ({"ScheduleExpression": "at(2030-01-01T00:00:00)"}, DAY, (0.0, 1)),
    ],
)
def test_what_was_missed_is_counted(
    settings: dict[str, Any], until: float, expected: tuple[float, int]
) -> None:
    whole = {"ScheduleExpressionTimezone": "UTC", "State": "ENABLED"} | settings
    last, count = catch_up(whole, START, START + until, START)
    assert (last - START, count) == expected


def test_killed_again_and_again(clockwork: Clockwork) -> None:
    """Before and after commits: each time is told once."""
    world = clockwork.world
    for n in range(3):
        clockwork.make(f"s{n}", "rate(1 minute)")
    kills = iter(range(10**9))
    world.fault = lambda _where: next(kills) % 3 == 0
    for _ in range(30):
        world.advance(60)
    world.fault = lambda _where: False
    world.settle()
    told: list[str] = []
    while page := clockwork.told():
        told += page
    assert len(told) == len(set(told))
    wanted = {f"s{n} 2030-01-01T00:{m:02d}:00Z" for n in range(3) for m in range(1, 31)}
    assert set(told) == wanted


def test_a_function_without_input_is_told_what_happened(clockwork: Clockwork) -> None:
    seen: list[Any] = []
    world = clockwork.world
    arn = clockwork.call(
        "lambda", "CreateFunction", FunctionName="f", Runtime="python3.12", Role=ROLE,
        Handler="index.handler", Code={"ZipFile": some_zip()},
    )["FunctionArn"]  # fmt: skip
    world.compute.handlers["f"] = lambda event, _spec: seen.append(event)
    schedule = clockwork.make("s", "at(2030-01-01T00:01:00)", target={"Arn": arn})
    world.advance(120)
    (event,) = seen
    assert event["source"] == "aws.scheduler" and event["detail-type"] == "Scheduled Event"
    assert event["time"] == "2030-01-01T00:01:00Z" and event["resources"] == [schedule]
    assert event["detail"] == "{}"


def test_universal_targets(clockwork: Clockwork) -> None:
    arn = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    text = {"QueueUrl": clockwork.queue, "MessageBody": "by <aws.scheduler.schedule-arn>"}
    made = clockwork.make(
        "s", "at(2030-01-01T00:01:00)", target={"Arn": arn, "Input": json.dumps(text)}
    )
    clockwork.world.advance(120)
    assert clockwork.told() == [f"by {made}"]


def dead_letters(clockwork: Clockwork, **target: Any) -> list[dict[str, Any]]:
    url = clockwork.call("sqs", "CreateQueue", QueueName="dead")["QueueUrl"]
    dead = {"DeadLetterConfig": {"Arn": f"arn:aws:sqs:{HERE}:dead"}}
    clockwork.make("s", "at(2030-01-01T00:01:00)", target=dead | target)
    clockwork.world.advance(2 * DAY)
    return clockwork.messages(url)


def test_a_target_that_is_not_there(clockwork: Clockwork) -> None:
    arn = f"arn:aws:lambda:{HERE}:function:nobody"
    (message,) = dead_letters(clockwork, Arn=arn, Input='{"n":1}')
    told = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    assert message["Body"] == '{"n":1}'
    assert told["ERROR_CODE"] == "ResourceNotFoundException" and told["TARGET_ARN"] == arn
    assert told["RETRY_ATTEMPTS"] == "0" and "EXHAUSTED_RETRY_CONDITION" not in told
    assert told["SCHEDULE_ARN"].endswith("schedule/default/s")
    assert clockwork.world.effects() == []


def test_parameters_an_operation_does_not_have(clockwork: Clockwork) -> None:
    arn = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    (message,) = dead_letters(clockwork, Arn=arn, Input='{"Nonsense":1}')
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "ValidationException"


def test_text_that_cannot_be_sent(clockwork: Clockwork) -> None:
    given = f'{{"QueueUrl":"{clockwork.queue}","MessageBody":"\\ud800"}}'
    sending = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": given}
    clockwork.make(
        "s",
        "at(2030-01-01T01:00:00)",
        target=sending | {"DeadLetterConfig": {"Arn": clockwork.arn}},
    )
    clockwork.world.advance(2 * HOUR)
    (letter,) = clockwork.messages()
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "ValidationException"
    assert clockwork.world.effects(sweeps=False) == []


def test_a_kill_between_making_and_answering(clockwork: Clockwork) -> None:
    clockwork.world.fault = lambda where: where == "after commit"
    with pytest.raises(Disconnected):
        clockwork.make("s", "rate(1 minute)", ClientToken="t")
    clockwork.world.fault = lambda _where: False
    clockwork.make("s", "rate(1 minute)", ClientToken="t")
    clockwork.world.advance(60)
    assert len(clockwork.told()) == 1
