from __future__ import annotations

import pytest

from owari.errors import ServiceError
from owari.services.events.api_archives import STEP
from tests.services.events.driving import Bus, arn
from tests.simulation.pipeline import upload
from tests.support.world import START

BUS = arn("events", "event-bus/default")
ARCHIVE = arn("events", "archive/a")


def replay(
    bus: Bus, name: str, start: float = START, end: float = START + 9999, **to: object
) -> None:
    bus.events(
        "StartReplay",
        ReplayName=name,
        EventSourceArn=ARCHIVE,
        EventStartTime=start,
        EventEndTime=START + 9999,
        Destination={"Arn": BUS} | to,
    )


def test_what_was_archived_is_replayed_in_order_and_only_once(bus: Bus) -> None:
    queue = bus.queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    bus.events(
        "CreateArchive", ArchiveName="a", EventSourceArn=BUS, EventPattern='{"source":["app"]}'
    )
    for n in range(120):
        bus.put({"n": n}, Time=START + 1000 - n)
    bus.put({"n": -1}, Source="else")
    bus.world.crash()
    shown = bus.events("DescribeArchive", ArchiveName="a")
    assert shown["EventCount"] == 120 and shown["SizeBytes"] > 0
    target = {"Id": "1", "Arn": queue, "SqsParameters": {"MessageGroupId": "g"}}
    rule = bus.rule("r", {"source": ["app"]}, target)
    bus.rule("other", {"source": ["app"]}, target)
    replay(bus, "again", start=START + 900, FilterArns=[rule])
    events = bus.bodies(queue)
    assert {event["replay-name"] for event in events} == {"again"}
    assert [event["detail"]["n"] for event in events] == list(range(100, -1, -1))
    done = bus.events("DescribeReplay", ReplayName="again")
    assert done["State"] == "COMPLETED" and done["EventLastReplayedTime"] == START + 1000
    assert bus.events("DescribeArchive", ArchiveName="a")["EventCount"] == 120


def test_a_replay_that_is_cancelled_stops(bus: Bus) -> None:
    bus.events("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
    for n in range(60):
        bus.put({"n": n})
    replay(bus, "long")
    assert bus.events("CancelReplay", ReplayName="long")["State"] == "CANCELLING"
    bus.world.settle()
    assert bus.events("DescribeReplay", ReplayName="long")["State"] == "CANCELLED"
    with pytest.raises(ServiceError, match="valid state"):
        bus.events("CancelReplay", ReplayName="long")
    assert [r["ReplayName"] for r in bus.events("ListReplays")["Replays"]] == ["long"]


def test_a_replay_is_told_of_for_90_days_and_its_name_is_free_then(bus: Bus) -> None:
    bus.events("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
    replay(bus, "r")
    bus.world.advance(89 * 86_400)
    bus.world.crash()
    with pytest.raises(ServiceError, match="already exists"):
        replay(bus, "r")
    bus.world.advance(2 * 86_400)
    with pytest.raises(ServiceError, match="does not exist"):
        bus.events("DescribeReplay", ReplayName="r")
    replay(bus, "r")


def test_events_are_forgotten_after_their_retention(bus: Bus) -> None:
    bus.events("CreateArchive", ArchiveName="a", EventSourceArn=BUS, RetentionDays=2)
    bus.put()
    bus.world.advance(86_400 * 1.5)
    bus.put()
    bus.world.advance(86_400 * 1.6)
    assert bus.events("DescribeArchive", ArchiveName="a")["EventCount"] == 1
    bus.events("DeleteArchive", ArchiveName="a")
    bus.world.advance(86_400 * 2)
    assert not bus.world.effects()


def test_an_archive_alone_is_enough_for_a_service_to_tell(bus: Bus) -> None:
    bus.world.call("s3", "CreateBucket", Bucket="files")
    bus.world.call(
        "s3",
        "PutBucketNotificationConfiguration",
        Bucket="files",
        NotificationConfiguration={"EventBridgeConfiguration": {}},
    )
    bus.events("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
    bus.world.call("s3", "PutObject", Bucket="files", Key="k", Body=upload(b"x"))
    bus.world.settle()
    assert bus.events("DescribeArchive", ArchiveName="a")["EventCount"] == 1


def test_a_large_archive_is_deleted_in_steps_and_its_name_is_free_at_once(bus: Bus) -> None:
    bus.events("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
    for n in range(STEP + 10):
        bus.put({"n": n})
    bus.events("DeleteArchive", ArchiveName="a")
    assert bus.world.tables()["events_archived"] == 10
    bus.events("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
    bus.put({"n": "new"})
    queue = bus.queue("q")
    bus.rule("r", {"source": ["app"]}, {"Id": "1", "Arn": queue})
    bus.world.crash()
    replay(bus, "again")
    assert [event["detail"]["n"] for event in bus.bodies(queue)] == ["new"]
    assert bus.world.tables()["events_archived"] == 1


def test_a_replay_of_an_archive_that_was_made_anew_fails(bus: Bus) -> None:
    bus.events("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
    for n in range(60):
        bus.put({"n": n})
    replay(bus, "r")
    bus.events("DeleteArchive", ArchiveName="a")
    bus.world.clock.time += 1
    bus.events("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
    bus.world.settle()
    told = bus.events("DescribeReplay", ReplayName="r")
    assert (told["State"], told["StateReason"]) == ("FAILED", "Archive was deleted.")
