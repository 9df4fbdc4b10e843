"""GetTrace over the real services in simulated time: who caused what, and when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.compute.fake import FunctionError
from owari.errors import ServiceError
from owari.store import spans
from tests.simulation.pipeline import some_zip, upload
from tests.support.world import World

ROLE = "arn:aws:iam::000000000000:role/r"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    topic = made.call("sns", "CreateTopic", Name="news")["TopicArn"]
    for name in ("first", "second"):
        arn = made.call(
            "lambda", "CreateFunction", FunctionName=name, Runtime="python3.12", Role=ROLE,
            Handler="index.handler", Code={"ZipFile": some_zip()},
        )["FunctionArn"]  # fmt: skip
        made.call("sns", "Subscribe", TopicArn=topic, Protocol="lambda", Endpoint=arn)
    made.compute.handlers["first"] = lambda _event, _spec: "done"
    made.compute.handlers["second"] = lambda _event, _spec: "done"
    yield made
    made.close()


def publish(world: World) -> str:
    topic = world.call("sns", "ListTopics")["Topics"][0]["TopicArn"]
    message: str = world.call("sns", "Publish", TopicArn=topic, Message="m")["MessageId"]
    return message


def trace(world: World, id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.call("owari", "GetTrace", Id=id)["Spans"]
    return found


def edges(found: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """(name of the parent, name, status)."""
    names = {span["SpanId"]: span["Name"] for span in found}
    return {(names.get(s.get("ParentId", ""), ""), s["Name"], s["Status"]) for s in found}


def test_what_a_message_caused(world: World) -> None:
    message = publish(world)
    before = edges(trace(world, message))
    assert ("sns:Publish", "lambda:Invoke", "waiting") in before
    world.settle()
    found = trace(world, message)
    assert edges(found) == {
        ("", "sns:Publish", "ok"),
        ("sns:Publish", "lambda:Invoke", "ok"),
        ("lambda:Invoke", "lambda", "ok"),
    }
    assert sorted(s["Subject"] for s in found if s["Kind"] == "run") == ["first", "second"]
    assert all(s["EmittedAt"] <= s["BeganAt"] <= s["EndedAt"] for s in found)
    for span in found:
        assert trace(world, span["Id"]) == found, "every id within a trace names it"


def test_retries_are_attempts_of_one_span(world: World) -> None:
    def fails(_event: Any, _spec: Any) -> str:
        raise FunctionError("ValueError", "no")

    world.compute.handlers["second"] = fails
    message = publish(world)
    world.settle()
    waiting = [s for s in trace(world, message) if s["Status"] == "waiting"]
    assert [(s["Subject"], s["Attempt"]) for s in waiting] == [("second", 2)]
    world.advance(600)
    runs = [s for s in trace(world, message) if s.get("Subject") == "second"]
    assert [(s["Attempt"], s["Status"]) for s in runs] == [(n, "error") for n in (1, 2, 3)]
    assert len({s["SpanId"] for s in runs}) == 1


def test_a_function_that_calls_is_the_parent_of_what_it_calls(world: World) -> None:
    """As the SDK passes on the header that the run was given."""
    seen: list[str] = []

    def remembers(_event: Any, spec: Any) -> str:
        seen.append(spec["trace_id"])
        return "done"

    world.compute.handlers["first"] = remembers
    message = publish(world)
    world.settle()
    world.call("s3", "CreateBucket", Bucket="results", trace_id=seen[0])
    world.call("s3", "PutObject", Bucket="results", Key="a", Body=upload(b"x"), trace_id=seen[0])
    found = trace(world, message)
    assert ("lambda", "s3:PutObject", "ok") in edges(found)
    assert trace(world, "s3://results/a") == found


def test_every_event_of_a_call_finds_what_it_caused(world: World) -> None:
    function = "arn:aws:lambda:us-east-1:000000000000:function:first"
    world.call("events", "PutRule", Name="r", EventPattern='{"source": ["app"]}')
    world.call("events", "PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": function}])
    entry = {"Source": "app", "DetailType": "thing", "Detail": "{}"}
    put = world.call("events", "PutEvents", Entries=[entry, entry | {"Detail": "no"}, entry])
    ids = [entry["EventId"] for entry in put["Entries"] if "EventId" in entry]
    world.settle()
    assert len(ids) == 2
    for id in ids:
        assert edges(trace(world, id)) == {
            ("", "events:PutEvents", "ok"),
            ("events:PutEvents", "lambda:Invoke", "ok"),
            ("lambda:Invoke", "lambda", "ok"),
        }


def test_every_message_of_a_batch_is_found(world: World) -> None:
    topic = world.call("sns", "ListTopics")["Topics"][0]["TopicArn"]
    entries = [{"Id": str(n), "Message": "m"} for n in range(10)]
    sent = world.call("sns", "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)
    world.settle()
    whole = trace(world, sent["Successful"][0]["MessageId"])
    assert sum(span["Kind"] == "run" for span in whole) == 20
    assert all(trace(world, one["MessageId"]) == whole for one in sent["Successful"])


def test_what_the_clock_begins_has_a_trace_of_its_own(world: World) -> None:
    function = "arn:aws:lambda:us-east-1:000000000000:function:first"
    world.call("events", "PutRule", Name="r", ScheduleExpression="rate(1 minute)")
    world.call("events", "PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": function}])
    world.call(
        "scheduler", "CreateSchedule", Name="s", ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"}, Target={"Arn": function, "RoleArn": ROLE},
    )  # fmt: skip
    place = "us-east-1:000000000000"
    told: dict[str, set[str]] = {}
    for _ in range(3):
        world.advance(60)
        world.crash()
        world.settle(1)
        for arn, name in (
            (f"arn:aws:events:{place}:rule/r", "events:ScheduledEvent"),
            (f"arn:aws:scheduler:{place}:schedule/default/s", "scheduler:Schedule"),
        ):
            found = trace(world, arn)
            assert edges(found) == {
                ("", name, "ok"), (name, "lambda:Invoke", "ok"), ("lambda:Invoke", "lambda", "ok"),
            }  # fmt: skip
            assert trace(world, found[0]["Id"]) == found
            told.setdefault(name, set()).add(found[0]["Id"])
    assert {len(ids) for ids in told.values()} == {3}, "each time is a trace"


def test_a_trace_survives_a_kill(world: World) -> None:
    message = publish(world)
    world.settle()
    found = trace(world, message)
    world.crash()
    assert trace(world, message) == found


def test_what_came_to_nothing_leaves_no_trace(world: World) -> None:
    with pytest.raises(ServiceError):
        world.call("sns", "Publish", TopicArn="arn:aws:sns:us-east-1:000000000000:no", Message="m")
    with pytest.raises(ServiceError) as caught:
        trace(world, "never-heard-of")
    assert caught.value.code == "ResourceNotFoundException"
    for odd in ("%", "_", "\\", "Root=%", "'"):
        with pytest.raises(ServiceError):
            trace(world, odd)


def test_the_oldest_go_first(world: World) -> None:
    first = publish(world)
    world.settle()
    second = publish(world)
    world.settle()
    kept = len(trace(world, second))
    spans.prune(world.kernel.writer, most=kept)
    assert len(trace(world, second)) == kept
    with pytest.raises(ServiceError):
        trace(world, first)
