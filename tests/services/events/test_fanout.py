from __future__ import annotations

import json
from typing import Any

import pytest

from owari.errors import ServiceError
from tests.services.events.driving import Bus, arn
from tests.support.world import ACCOUNT, REGION, START


def test_an_event_reaches_the_targets_of_the_rules_it_matches(bus: Bus) -> None:
    mine, all_, other = bus.queue("mine"), bus.queue("all"), bus.queue("other")
    bus.rule("mine", {"detail": {"color": ["red"]}}, {"Id": "1", "Arn": mine})
    bus.rule("all", {"source": [{"prefix": "a"}]}, {"Id": "1", "Arn": all_})
    bus.rule("other", {"source": ["other"]}, {"Id": "1", "Arn": other})
    answer = bus.put({"color": "red"}, Resources=["r"])
    assert answer["FailedEntryCount"] == 0
    event = {
        "version": "0",
        "id": answer["Entries"][0]["EventId"],
        "detail-type": "thing",
        "source": "app",
        "account": ACCOUNT,
        "time": "2030-01-01T00:00:00Z",
        "region": REGION,
        "resources": ["r"],
        "detail": {"color": "red"},
    }
    assert bus.bodies(mine) == bus.bodies(all_) == [event]
    assert bus.bodies(other) == []


def test_a_rule_that_is_disabled_changed_or_removed_no_longer_matches(bus: Bus) -> None:
    queue = bus.queue("q")
    bus.rule("r", {"source": ["app"]}, {"Id": "1", "Arn": queue})
    bus.put()
    bus.events("DisableRule", Name="r")
    bus.put()
    bus.events("EnableRule", Name="r")
    bus.put()
    assert len(bus.bodies(queue)) == 2
    bus.rule("r", {"source": ["else"]})
    bus.put()
    bus.events("RemoveTargets", Rule="r", Ids=["1"])
    bus.events("DeleteRule", Name="r")
    bus.put(Source="else")
    assert bus.bodies(queue) == []


def test_very_many_rules_are_served_in_slices(bus: Bus) -> None:
    queue = bus.queue("q")
    for n in range(130):
        bus.rule(f"r{n}", {"source": ["app"]}, {"Id": "1", "Arn": queue})
    bus.put()
    assert len(bus.bodies(queue)) == 130


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"Source": ""}, "InvalidArgument"),
        ({"DetailType": None}, "InvalidArgument"),
        ({"Detail": "nonsense"}, "MalformedDetail"),
        ({"Detail": "[1]"}, "MalformedDetail"),
        ({"Detail": '{"a":NaN}'}, "MalformedDetail"),
        ({"Detail": '{"a":"\\ud800"}'}, "MalformedDetail"),
        ({"Detail": '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"}, "MalformedDetail"),
        ({"Detail": '{"a":' + "[" * 500 + "]" * 500 + "}"}, "MalformedDetail"),
        ({"Time": 1e20}, "InvalidArgument"),
        ({"Time": -1e20}, "InvalidArgument"),
        ({"Source": "aws.s3"}, "NotAuthorizedForSourceException"),
    ],
)
def test_each_entry_fails_by_itself(bus: Bus, entry: dict[str, Any], code: str) -> None:
    good = {"Source": "app", "DetailType": "t", "Detail": "{}"}
    answer = bus.events("PutEvents", Entries=[good, good | entry])
    assert answer["FailedEntryCount"] == 1
    assert "EventId" in answer["Entries"][0]
    assert answer["Entries"][1]["ErrorCode"] == code


@pytest.mark.parametrize("value", ["[" * 499 + "]" * 499, "1" + "0" * 40], ids=["deep", "long"])
def test_an_odd_detail_is_passed_on_as_it_was(bus: Bus, value: str) -> None:
    queue, detail = bus.queue("q"), f'{{"a":{value}}}'
    bus.events("CreateEventBus", Name="second")
    bus.rule("on", {"source": ["app"]}, {"Id": "1", "Arn": arn("events", "event-bus/second")})
    for n in range(51):  # more than are served in one transaction
        bus.rule(f"r{n}", {"source": ["app"]}, {"Id": "1", "Arn": queue}, EventBusName="second")
    bus.put(Detail=detail)
    told = [message["Body"] for message in bus.messages(queue)]
    assert len(told) == 51
    assert all(body.endswith(f'"detail":{detail}}}') for body in told)


def test_entries_are_limited_together(bus: Bus) -> None:
    entry = {"Source": "app", "DetailType": "t", "Detail": json.dumps({"x": "y" * 600_000})}
    assert bus.events("PutEvents", Entries=[entry])["FailedEntryCount"] == 0
    with pytest.raises(ServiceError, match="over the limit"):
        bus.events("PutEvents", Entries=[entry, entry])


def test_an_event_goes_on_to_another_bus_once(bus: Bus) -> None:
    queue = bus.queue("q")
    for name in ("second", "third"):
        bus.events("CreateEventBus", Name=name)
    second, third = arn("events", "event-bus/second"), arn("events", "event-bus/third")
    bus.rule("on", {"source": ["app"]}, {"Id": "1", "Arn": second})
    bus.rule(
        "seen",
        {"source": ["app"]},
        {"Id": "1", "Arn": queue},
        {"Id": "2", "Arn": third},
        EventBusName="second",
    )
    bus.rule("far", {"source": ["app"]}, {"Id": "1", "Arn": queue}, EventBusName="third")
    id = bus.put()["Entries"][0]["EventId"]
    assert [event["id"] for event in bus.bodies(queue)] == [id]


def test_a_bus_of_its_own(bus: Bus) -> None:
    queue = bus.queue("q")
    bus.events("CreateEventBus", Name="own")
    bus.rule("r", {"source": ["app"]}, {"Id": "1", "Arn": queue}, EventBusName="own")
    bus.put()
    assert bus.bodies(queue) == []
    bus.put(EventBusName=arn("events", "event-bus/own"))
    bus.put(EventBusName="nowhere")  # accepted, and gone
    assert len(bus.bodies(queue)) == 1


def test_a_schedule_fires_and_what_was_missed_fires_once(bus: Bus) -> None:
    queue = bus.queue("q")
    rule = bus.rule("tick", None, {"Id": "1", "Arn": queue}, ScheduleExpression="rate(1 minute)")
    bus.world.advance(150)
    events = bus.bodies(queue)
    assert [e["time"] for e in events] == ["2030-01-01T00:01:00Z", "2030-01-01T00:02:00Z"]
    assert events[0]["detail-type"] == "Scheduled Event" and events[0]["source"] == "aws.events"
    assert events[0]["resources"] == [rule] and events[0]["detail"] == {}
    bus.world.clock.time = START + 1000  # nobody was there
    bus.world.crash()
    assert len(bus.bodies(queue)) == 1
    bus.world.advance(60)
    assert len(bus.bodies(queue)) == 1
    bus.events("DisableRule", Name="tick")
    bus.world.advance(600)
    assert bus.bodies(queue) == []
    bus.events("EnableRule", Name="tick")
    bus.events("EnableRule", Name="tick")
    bus.world.advance(60)
    assert len(bus.bodies(queue)) == 1


def test_a_log_group_gets_its_stream(bus: Bus) -> None:
    bus.world.call("logs", "CreateLogGroup", logGroupName="/aws/events/all")
    target = {"Id": "1", "Arn": arn("logs", "log-group:/aws/events/all")}
    bus.rule("r", {"source": ["app"]}, target)
    bus.put({"n": 1})
    bus.put({"n": 2})
    bus.world.settle()
    found = bus.world.call("logs", "FilterLogEvents", logGroupName="/aws/events/all")["events"]
    assert {json.loads(event["message"])["detail"]["n"] for event in found} == {1, 2}
