"""Events under seeded kills: nothing acknowledged is lost, and nothing arrives twice.

Rules, a second bus, a log of deliveries in queues, an archive and its replay; the server is killed
before and after commits, and again and again while it works.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.services.events.driving import Bus, arn
from tests.support.world import START, Disconnected

EVENTS = 60


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_or_doubled_whatever_is_killed(tmp_path: Path, seed: int) -> None:
    bus = Bus(tmp_path, seed)
    try:
        _simulate(bus, random.Random(seed))
    finally:
        bus.close()


def _simulate(bus: Bus, chance: random.Random) -> None:
    near, far, ticks, dead = (bus.queue(name) for name in ("near", "far", "ticks", "dead"))
    default = arn("events", "event-bus/default")
    bus.events("CreateEventBus", Name="far")
    bus.events("CreateArchive", ArchiveName="a", EventSourceArn=default)
    nobody = {"Id": "3", "Arn": arn("sqs", "nobody"), "DeadLetterConfig": {"Arn": dead}}
    onward = {"Id": "2", "Arn": arn("events", "event-bus/far")}
    rule = bus.rule("r", {"source": ["app"]}, {"Id": "1", "Arn": near}, onward, nobody)
    bus.rule("f", {"source": ["app"]}, {"Id": "1", "Arn": far}, EventBusName="far")
    bus.rule("tick", None, {"Id": "1", "Arn": ticks}, ScheduleExpression="rate(1 minute)")

    kills = _with_faults(bus, chance)
    acknowledged = _put_all(bus, chance)
    bus.world.advance(600)
    bus.world.fault = lambda _where: False
    bus.world.advance(60)
    assert kills, "no fault was met"

    for queue in (near, far, dead):
        seen = Counter(event["id"] for event in bus.bodies(queue))
        assert acknowledged <= seen.keys(), f"{queue} lost events"
        assert set(seen.values()) == {1}, f"{queue} got events twice"
    times = Counter(event["time"] for event in bus.bodies(ticks))
    assert set(times.values()) == {1} and len(times) >= 10

    _replay(bus, chance, default, rule)
    kept = bus.events("DescribeArchive", ArchiveName="a")["EventCount"]
    replayed = Counter(event["id"] for event in bus.bodies(near))
    assert acknowledged <= replayed.keys() and set(replayed.values()) == {1}
    assert len(replayed) == kept
    assert not bus.world.kernel.reader.execute("SELECT * FROM events_letter").fetchall()


def _with_faults(bus: Bus, chance: random.Random) -> list[str]:
    kills: list[str] = []

    def fault(where: str) -> bool:
        if chance.random() < 0.04:
            kills.append(where)
            return True
        return False

    bus.world.fault = fault
    return kills


def _put_all(bus: Bus, chance: random.Random) -> set[str]:
    """The ids of the events that were acknowledged."""
    ids: set[str] = set()
    for n in range(EVENTS):
        try:
            ids.add(bus.put({"n": n})["Entries"][0]["EventId"])
        except Disconnected:
            continue
        if chance.random() < 0.3:
            bus.world.advance(chance.expovariate(1))
    return ids


def _replay(bus: Bus, chance: random.Random, default: str, rule: str) -> None:
    bus.events(
        "StartReplay",
        ReplayName="again",
        EventSourceArn=arn("events", "archive/a"),
        EventStartTime=START,
        EventEndTime=START + 86_400,
        Destination={"Arn": default, "FilterArns": [rule]},
    )
    _with_faults(bus, chance)
    bus.world.advance(60)
    bus.world.fault = lambda _where: False
    bus.world.settle()
    assert bus.events("DescribeReplay", ReplayName="again")["State"] == "COMPLETED"
