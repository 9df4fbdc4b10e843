"""Events: put, got, filtered, paged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from owari.errors import ServiceError
from tests.support.world import World

DAY_MS = 86_400_000
WHERE = {"logGroupName": "g", "logStreamName": "s"}


@pytest.fixture
def now(world: World) -> int:
    world.call("logs", "CreateLogGroup", logGroupName="g")
    world.call("logs", "CreateLogStream", **WHERE)
    return int(world.clock.now() * 1000)


def put(world: World, events: list[tuple[int, str]], stream: str = "s") -> dict[str, Any]:
    listed = [{"timestamp": t, "message": m} for t, m in events]
    return world.call(
        "logs", "PutLogEvents", logGroupName="g", logStreamName=stream, logEvents=listed
    )


def refused(world: World, events: list[tuple[int, str]]) -> str:
    with pytest.raises(ServiceError) as caught:
        put(world, events)
    assert caught.value.code == "InvalidParameterException"
    return caught.value.message


def test_what_was_put_is_got(world: World, now: int) -> None:
    answer = put(world, [(now, "one"), (now + 1, "zwölf\n")])
    assert set(answer) == {"nextSequenceToken"}
    got = world.call("logs", "GetLogEvents", **WHERE)["events"]
    assert got == [
        {"timestamp": now, "message": "one", "ingestionTime": now},
        {"timestamp": now + 1, "message": "zwölf\n", "ingestionTime": now},
    ]
    world.crash()
    assert world.call("logs", "GetLogEvents", **WHERE)["events"] == got


def test_batches_out_of_bounds(world: World, now: int) -> None:
    order = "Log events in a single PutLogEvents request must be in chronological order."
    assert refused(world, [(now + 1, "b"), (now, "a")]) == order
    large = refused(world, [(now, "x" * 1_048_551)])
    assert large == "Upload too large: 1048577 bytes exceeds limit of 1048576"
    put(world, [(now, "x" * 1_048_550)])
    assert "24 hours" in refused(world, [(now - 2 * DAY_MS, "a"), (now, "b")])
    assert "logEvents" in refused(world, [(now, "a")] * 10_001)


def test_events_too_old_or_too_new_are_rejected_alone(world: World, now: int) -> None:
    answer = put(world, [(now - 15 * DAY_MS, "old"), (now, "ok"), (now + 3 * 3_600_000, "new")])
    assert answer["rejectedLogEventsInfo"] == {
        "tooNewLogEventStartIndex": 2,
        "tooOldLogEventEndIndex": 1,
    }
    world.call("logs", "PutRetentionPolicy", logGroupName="g", retentionInDays=1)
    answer = put(world, [(now - 2 * DAY_MS, "expired")])
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    got = world.call("logs", "GetLogEvents", **WHERE)["events"]
    assert [e["message"] for e in got] == ["ok"]


def test_tokens_walk_to_the_ends_and_stay_there(world: World, now: int) -> None:
    put(world, [(now + n, str(n)) for n in range(10)])

    def page(**params: Any) -> tuple[list[str], str, str]:
        answer = world.call("logs", "GetLogEvents", **WHERE, limit=4, **params)
        messages = [e["message"] for e in answer["events"]]
        return messages, answer["nextForwardToken"], answer["nextBackwardToken"]

    latest, ahead, back = page()
    assert latest == ["6", "7", "8", "9"]
    assert page(nextToken=ahead) == ([], ahead, ahead.replace("f/", "b/"))
    assert page(nextToken=back)[0] == ["2", "3", "4", "5"]
    first, ahead, _ = page(startFromHead=True)
    assert first == ["0", "1", "2", "3"]
    seen = []
    while True:
        messages, following, _ = page(nextToken=ahead, startFromHead=True)
        if following == ahead:
            break
        seen += messages
        ahead = following
    assert seen == ["4", "5", "6", "7", "8", "9"]
    put(world, [(now + 10, "10")])
    assert page(nextToken=ahead)[0] == ["10"]


def test_an_empty_stream_has_tokens_that_work_later(world: World, now: int) -> None:
    answer = world.call("logs", "GetLogEvents", **WHERE)
    assert answer["events"] == []
    put(world, [(now, "first")])
    later = world.call("logs", "GetLogEvents", **WHERE, nextToken=answer["nextForwardToken"])
    assert [e["message"] for e in later["events"]] == ["first"]


@pytest.mark.parametrize("token", ["x", "f/12", "f/" + "9" * 56 + "x", "g/" + "0" * 56 + "/s"])
def test_a_token_not_ours_is_refused(world: World, now: int, token: str) -> None:
    for operation, where in (("GetLogEvents", WHERE), ("FilterLogEvents", {"logGroupName": "g"})):
        with pytest.raises(ServiceError, match="InvalidParameterException"):
            world.call("logs", operation, **where, nextToken=token)


def test_times_bound_what_is_read(world: World, now: int) -> None:
    put(world, [(now + n, str(n)) for n in range(5)])
    between = {"startTime": now + 1, "endTime": now + 3}
    got = world.call("logs", "GetLogEvents", **WHERE, **between)["events"]
    assert [e["message"] for e in got] == ["1", "2"]
    found = world.call("logs", "FilterLogEvents", logGroupName="g", **between)["events"]
    assert [e["message"] for e in found] == ["1", "2", "3"]


def test_filtering_interleaves_streams(world: World, now: int) -> None:
    for stream in ("t", "u"):
        world.call("logs", "CreateLogStream", logGroupName="g", logStreamName=stream)
    put(world, [(now, "s0"), (now + 2, "s2 ERROR")])
    put(world, [(now + 1, "t1 ERROR"), (now + 3, "t3")], "t")
    put(world, [(now + 1, "u1")], "u")

    def messages(**params: Any) -> list[str]:
        found = world.call("logs", "FilterLogEvents", logGroupName="g", **params)
        return [e["message"] for e in found["events"]]

    assert messages() == ["s0", "t1 ERROR", "u1", "s2 ERROR", "t3"]
    assert messages(startFromHead=False) == ["t3", "s2 ERROR", "u1", "t1 ERROR", "s0"]
    assert messages(filterPattern="ERROR") == ["t1 ERROR", "s2 ERROR"]
    assert messages(logStreamNames=["t", "u"]) == ["t1 ERROR", "u1", "t3"]
    assert messages(logStreamNamePrefix="u") == ["u1"]
    world.call("logs", "DeleteLogStream", logGroupName="g", logStreamName="t")
    assert messages() == ["s0", "u1", "s2 ERROR"]
    with pytest.raises(ServiceError, match="log stream does not exist"):
        messages(logStreamNames=["t"])


def every_page(world: World, **params: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    token: dict[str, Any] = {}
    while True:
        page = world.call("logs", "FilterLogEvents", logGroupName="g", **params, **token)
        events += page["events"]
        if "nextToken" not in page:
            return events
        assert page["nextToken"] != token.get("nextToken")
        token = {"nextToken": page["nextToken"]}


TIMES = st.lists(st.integers(0, 4 * 60_000), min_size=1, max_size=12).map(sorted)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(st.tuples(st.sampled_from("stu"), TIMES), max_size=6))
def test_pages_hold_everything_once_and_in_order(
    world: World, batches: list[tuple[str, list[int]]]
) -> None:
    existing = world.call("logs", "DescribeLogGroups")["logGroups"]
    if existing:
        world.call("logs", "DeleteLogGroup", logGroupName="g")
    world.call("logs", "CreateLogGroup", logGroupName="g")
    for stream in "stu":
        world.call("logs", "CreateLogStream", logGroupName="g", logStreamName=stream)
    now = int(world.clock.now() * 1000) - 300_000
    for stream, times in batches:
        put(world, [(now + t, f"{stream}{t}") for t in times], stream)
    whole = every_page(world)
    assert [e["timestamp"] for e in whole] == sorted(now + t for _, times in batches for t in times)
    assert len({e["eventId"] for e in whole}) == len(whole)
    assert every_page(world, limit=3) == whole
    assert every_page(world, limit=2, startFromHead=False) == whole[::-1]


def test_a_page_holds_at_most_a_mebibyte(world: World, now: int) -> None:
    for n in range(5):
        put(world, [(now + n, "x" * 400_000)])
    page = world.call("logs", "FilterLogEvents", logGroupName="g")
    assert len(page["events"]) == 2
    assert len(every_page(world)) == 5
    assert len(world.call("logs", "GetLogEvents", **WHERE)["events"]) == 2


def test_a_search_without_a_match_is_cut_into_pages(world: World, now: int) -> None:
    for n in range(12):
        put(world, [(now + n, "x" * 900_000)])
    put(world, [(now + 100, "needle")])
    first = world.call("logs", "FilterLogEvents", logGroupName="g", filterPattern="needle")
    assert first["events"] == []
    assert "nextToken" in first
    assert [e["message"] for e in every_page(world, filterPattern="needle")] == ["needle"]


def test_trying_out_a_pattern(world: World) -> None:
    answer = world.call(
        "logs",
        "TestMetricFilter",
        filterPattern="[level = E*, ...]",
        logEventMessages=["ERROR x y", "INFO x"],
    )
    assert answer["matches"] == [
        {
            "eventNumber": 1,
            "eventMessage": "ERROR x y",
            "extractedValues": {"$level": "ERROR", "$2": "x", "$3": "y"},
        }
    ]
