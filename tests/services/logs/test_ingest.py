"""What compute delivers, retention, and the bound on all logs together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from owari.effects import ReplyTo, Report, Wake
from owari.kernel import Context, Work
from owari.services.logs.ingest import on_log_records
from owari.store import segments
from tests.support.world import ACCOUNT, REGION, World

DAY_S = 86_400


def deliver(world: World, records: list[dict[str, Any]]) -> None:
    """As the engine does with what the agent sends."""
    context = Context("", "", "owari", "ingest", "ingest")
    failures: list[Any] = []
    report = Report("", "", 1, {"records": records})
    body = lambda tx: on_log_records(tx, report)  # noqa: E731
    world.kernel.submit(Work(context, body, lambda _r, error: failures.append(error)))
    while world.kernel.turn():
        pass
    assert failures == [None]


def record(stream: str, *events: tuple[int, str], group: str = "/aws/lambda/f") -> dict[str, Any]:
    return {
        "account": ACCOUNT,
        "region": REGION,
        "group": group,
        "stream": stream,
        "events": [list(event) for event in events],
    }


def messages(world: World, group: str = "/aws/lambda/f") -> list[str]:
    found = world.call("logs", "FilterLogEvents", logGroupName=group)["events"]
    return [e["message"] for e in found]


def test_a_frame_that_comes_again_is_dropped(world: World) -> None:
    """The agent sends again what was not acknowledged before the server was killed."""
    now = int(world.clock.now() * 1000)
    first = [record("a", (now, "1")) | {"frame": ["x", 1]}, record("b", (now, "2"))]
    second = [record("a", (now, "3")) | {"frame": ["x", 2]}, record("b", (now, "4"))]
    deliver(world, [*first, *second, *second])
    deliver(world, [*first, *second, record("a", (now, "5")) | {"frame": ["x", 3]}])
    deliver(world, [record("a", (now, "6")) | {"frame": ["another agent", 1]}])
    assert sorted(messages(world)) == ["1", "2", "3", "4", "5", "6"]


def test_groups_and_streams_come_into_being(world: World) -> None:
    now = int(world.clock.now() * 1000)
    deliver(
        world,
        [
            record("a", (now, "START"), (now + 2, "END")),
            record("b", (now + 1, "other")),
            record("a", (now + 3, "START again"), (now + 1, "late")),
            record("c"),
            record("d", (now, "")),
        ],
    )
    assert messages(world) == ["START", "late", "other", "END", "START again"]
    streams = world.call("logs", "DescribeLogStreams", logGroupName="/aws/lambda/f")["logStreams"]
    assert [s["logStreamName"] for s in streams] == ["a", "b", "c", "d"]
    assert world.call("logs", "DescribeLogGroups")["logGroups"][0]["storedBytes"] > 0


def test_text_that_is_long_or_not_unicode_is_kept_as_far_as_it_goes(world: World) -> None:
    now = int(world.clock.now() * 1000)
    deliver(world, [record("a", (now, "x" * 600_000), (now, "bad \udcff byte"))])
    found = messages(world)
    assert [len(m) for m in found[:3]] == [262_144, 262_144, 75_712]
    assert found[3] == "bad ? byte"


def test_retention_takes_old_events_and_their_segments(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SEGMENT_MAX_BYTES", 1_000)
    for day in range(4):
        now = int(world.clock.now() * 1000)
        deliver(world, [record("a", (now, f"{day} " + "x" * 2_000))])
        deliver(world, [record("a", (now, f"{day}"), group="kept")])
        world.advance(DAY_S)
    world.call("logs", "PutRetentionPolicy", logGroupName="/aws/lambda/f", retentionInDays=3)
    assert [m[:1] for m in messages(world)] == ["1", "2", "3"]  # hidden at once
    before = len(world.kernel.segments.numbers())
    world.advance(3 * 3_600)
    assert len(world.kernel.segments.numbers()) < before  # and cleared away
    world.advance(30 * DAY_S)
    assert messages(world) == []
    assert messages(world, "kept") == ["0", "1", "2", "3"]
    groups = world.call("logs", "DescribeLogGroups")["logGroups"]
    assert [g["storedBytes"] > 0 for g in groups] == [False, True]


def test_all_logs_together_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_MAX_BYTES", 1_000)
    monkeypatch.setattr("owari.services.logs.sweep.SEGMENT_MAX_BYTES", 1_000)
    world.kernel.limits = replace(world.kernel.limits, log_total_max_bytes=5_000)
    for n in range(20):
        now = int(world.clock.now() * 1000)
        deliver(world, [record("a", (now, f"{n} " + "x" * 1_000))])
        world.settle()
    assert len(world.kernel.segments.numbers()) <= 6
    assert [m.split()[0] for m in messages(world)][-4:] == ["16", "17", "18", "19"]


def test_only_one_sweep_waits(world: World) -> None:
    for name in ("a", "b"):
        world.call("logs", "CreateLogGroup", logGroupName=name)
    world.crash()
    world.advance(5 * 3_600)
    waiting = [e for e in world.effects(sweeps=True) if e.reply_to == ReplyTo("logs", "sweep", "")]
    assert [e.effect for e in waiting] == [Wake()]


def test_a_lost_segment_is_read_as_empty(world: World) -> None:
    now = int(world.clock.now() * 1000)
    deliver(world, [record("a", (now, "gone"))])
    for path in world.config.log_segments.glob("*.log"):
        path.write_bytes(b"")
    assert messages(world) == []


def test_a_silent_stream_comes_into_being_too(world: World) -> None:
    now = int(world.clock.now() * 1000)
    deliver(world, [record("silent")])
    deliver(world, [record("silent"), record("other")])
    deliver(world, [record("silent", (now, "at last")), record("silent")])
    found = world.call("logs", "DescribeLogStreams", logGroupName="/aws/lambda/f")["logStreams"]
    assert [s["logStreamName"] for s in found] == ["other", "silent"]
    assert messages(world) == ["at last"]
