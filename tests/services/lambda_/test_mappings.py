"""Event source mappings at work, in simulated time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.compute.fake import FunctionError, SystemFailure
from tests.services.lambda_.mappings import Line
from tests.services.lambda_.support import create, refusal
from tests.support.world import ACCOUNT, REGION, World


def test_a_message_reaches_the_function_and_is_deleted(world: World) -> None:
    line = Line(world)
    line.send(
        "hello",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "greeting"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )
    world.settle()
    ((record,),) = line.batches
    assert record["body"] == "hello"
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert record["messageAttributes"] == {
        "kind": {
            "stringValue": "greeting",
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": "String",
        },
        "raw": {
            "binaryValue": "AAE=",
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": "Binary",
        },
    }
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert set(record["attributes"]) == {
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
    }
    assert (record["eventSource"], record["awsRegion"]) == ("aws:sqs", REGION)
    assert record["eventSourceARN"] == line.arn
    assert {"messageId", "receiptHandle", "md5OfMessageAttributes"} < set(record)
    assert line.counts() == (0, 0)


def test_an_empty_queue_costs_nothing(world: World) -> None:
    line = Line(world)
    world.settle()
    before = world.kernel.writer.total_changes
    world.advance(3600)
    assert world.kernel.writer.total_changes == before
    line.send("late")
    world.settle()
    assert line.bodies == [["late"]]


def test_a_delayed_message_comes_in_time(world: World) -> None:
    line = Line(world)
    line.send("later", DelaySeconds=300)
    world.advance(299)
    assert line.batches == []
    world.advance(2)
    assert line.bodies == [["later"]]


def test_many_messages_all_arrive_once(world: World) -> None:
    line = Line(world)
    line.fill(1000)
    world.advance(60)
    assert sorted(line.all_bodies, key=int) == [str(n) for n in range(1000)]
    assert max(map(len, line.batches)) == 10
    assert line.counts() == (0, 0)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_batches_are_no_larger_than_asked(world: World, size: int) -> None:
    line = Line(world, BatchSize=size)
    line.fill(50)
    world.advance(60)
    assert sorted(map(int, line.all_bodies)) == list(range(50))
    assert max(map(len, line.batches)) == size


# ---- failure
def test_a_failed_batch_comes_back_after_the_visibility_timeout(world: World) -> None:
    line = Line(world)

    def fail_once(_records: Any) -> None:
        if len(line.batches) == 1:
            raise FunctionError("ValueError", "not yet")

    line.answer = fail_once
    line.fill(3)
    world.advance(29)
    assert line.bodies == [["0", "1", "2"]] and line.counts() == (0, 3)
    world.advance(3)
    assert line.bodies == [["0", "1", "2"]] * 2 and line.counts() == (0, 0)
    counts = [r["attributes"]["ApproximateReceiveCount"] for r in line.records]
    assert counts == ["1"] * 3 + ["2"] * 3


def test_a_message_that_always_fails_goes_to_the_dead_letters(world: World) -> None:
    world.call("sqs", "CreateQueue", QueueName="dead")
    dead = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
    policy = f'{{"deadLetterTargetArn": "{dead}", "maxReceiveCount": 3}}'
    line = Line(world, attributes={"RedrivePolicy": policy})

    def fail(_records: Any) -> None:
        raise FunctionError("ValueError", "never")

    line.answer = fail
    line.send("poison")
    world.advance(200)
    assert len(line.batches) == 3
    url = line.url.rpartition("/")[0] + "/dead"
    (found,) = world.call("sqs", "ReceiveMessage", QueueUrl=url)["Messages"]
    assert found["Body"] == "poison"


def test_items_reported_as_failed_come_back_alone(world: World) -> None:
    line = Line(world, FunctionResponseTypes=["ReportBatchItemFailures"])

    def some(records: Any) -> Any:
        failed = [r["messageId"] for r in records if r["body"] == "3" and len(line.batches) == 1]
        return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}

    line.answer = some
    line.fill(5)
    world.settle()
    assert line.counts() == (0, 1)
    world.advance(31)
    assert line.bodies[1:] == [["3"]]
    assert line.counts() == (0, 0)


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (None, 0),
        ({}, 0),
        ({"batchItemFailures": []}, 0),
        ({"batchItemFailures": None}, 0),
        ("done", 2),
        ([], 2),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 2),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, 2),
        ({"batchItemFailures": [{"id": "x"}]}, 2),
        ({"batchItemFailures": [{"itemIdentifier": "nobody"}]}, 2),
        ({"batchItemFailures": "all"}, 2),
    ],
)
def test_odd_answers_fail_all_or_nothing(world: World, answer: Any, left: int) -> None:
    line = Line(world, FunctionResponseTypes=["ReportBatchItemFailures"])
    line.answer = lambda _records: answer
    line.fill(2)
    world.settle()
    assert line.counts() == (0, left)


def test_without_the_response_type_an_answer_is_not_read(world: World) -> None:
    line = Line(world)
    line.answer = lambda _records: {"batchItemFailures": [{"itemIdentifier": ""}]}
    line.fill(2)
    world.settle()
    assert line.counts() == (0, 0)


def test_a_throttled_batch_is_tried_again_with_the_same_receive(world: World) -> None:
    line = Line(world)

    def refuse(_records: Any) -> None:
        if len(line.batches) < 3:
            raise SystemFailure("throttled")

    line.answer = refuse
    line.send("a")
    world.advance(20)
    assert line.bodies == [["a"]] * 3
    assert [b[0]["attributes"]["ApproximateReceiveCount"] for b in line.batches] == ["1"] * 3
    assert line.counts() == (0, 0)


def test_throttling_ends_with_the_visibility_timeout(world: World) -> None:
    line = Line(world)

    def refuse(records: Any) -> None:
        if records[0]["attributes"]["ApproximateReceiveCount"] == "1":
            raise SystemFailure("throttled")

    line.answer = refuse
    line.send("a")
    world.advance(40)
    assert line.batches[-1][0]["attributes"]["ApproximateReceiveCount"] == "2"
    assert line.counts() == (0, 0)
    assert line.get().get("LastProcessingResult") is None


def test_an_agent_lost_with_its_batches_repeats_them(world: World) -> None:
    line = Line(world)
    world.compute.duration = lambda _spec: 5.0
    line.send("a")
    world.settle()
    world.compute.lose()
    world.engine.agent_changed(world.compute.instance, world.compute.known())
    world.advance(20)
    assert line.bodies == [["a"]]
    assert line.counts() == (0, 0)


# ---- how many at once
def running_most(world: World, line: Line, count: int) -> int:
    """How many batches ran at the same time, while `count` messages went through."""
    world.compute.duration = lambda _spec: 1.0
    line.fill(count)
    most = 0
    for _ in range(400):
        world.advance(0.5)
        most = max(most, len(world.compute.known()))
        if line.counts() == (0, 0):
            return most
    raise AssertionError("not drained")


def test_maximum_concurrency_holds(world: World) -> None:
    line = Line(world, BatchSize=1, ScalingConfig={"MaximumConcurrency": 3})
    assert running_most(world, line, 60) == 3
    received = [r["attributes"]["ApproximateReceiveCount"] for r in line.records]
    assert received == ["1"] * 60


def test_concurrency_grows_while_messages_wait(world: World) -> None:
    line = Line(world, BatchSize=1)
    assert 10 <= running_most(world, line, 200) <= 100


def test_reserved_concurrency_bounds_the_mapping_too(world: World) -> None:
    line = Line(world, BatchSize=1)
    world.call(
        "lambda",
        "PutFunctionConcurrency",
        FunctionName="f",
        ReservedConcurrentExecutions=2,
    )
    assert running_most(world, line, 30) == 2


def test_nothing_is_received_for_a_function_that_may_not_run(world: World) -> None:
    line = Line(world)
    world.call("lambda", "PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
    world.settle(0.01)
    line.fill(3)
    world.advance(120)
    assert line.batches == [] and line.counts() == (3, 0)
    assert "reserved concurrency" in line.get()["LastProcessingResult"]
    world.call("lambda", "DeleteFunctionConcurrency", FunctionName="f")
    world.settle()
    assert line.all_bodies == ["0", "1", "2"]
    assert {r["attributes"]["ApproximateReceiveCount"] for r in line.records} == {"1"}
    assert "LastProcessingResult" not in line.get()


def test_a_function_that_is_gone_receives_nothing_until_it_is_back(world: World) -> None:
    line = Line(world)
    world.call("lambda", "DeleteFunction", FunctionName="f")
    world.settle(0.01)
    line.fill(3)
    world.advance(300)
    assert line.counts() == (3, 0)
    assert "Function not found" in line.get()["LastProcessingResult"]
    create(world)
    world.settle()
    assert line.all_bodies == ["0", "1", "2"]


def test_an_alias_decides_which_version_gets_the_batches(world: World) -> None:
    line = Line(world, map=False)
    for _ in range(2):
        world.call("lambda", "PublishVersion", FunctionName="f")
        world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", MemorySize=256)
    world.call("lambda", "CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    assert refusal(lambda: line.map(FunctionName="f:none")).message == "Function does not exist"
    made = line.map(FunctionName="f:live")
    assert made["FunctionArn"].endswith(":function:f:live")
    line.send("a")
    world.settle()
    world.call("lambda", "UpdateAlias", FunctionName="f", Name="live", FunctionVersion="2")
    line.send("b")
    world.settle()
    assert [spec["version"] for spec in world.compute.started] == ["1", "2"]
    assert {spec["function_arn"].rsplit(":", 1)[-1] for spec in world.compute.started} == {"live"}
    assert line.bodies == [["a"], ["b"]]


# ---- gathering
def test_a_window_gathers_until_it_is_over(world: World) -> None:
    line = Line(world, BatchSize=100, MaximumBatchingWindowInSeconds=20)
    line.fill(30)
    world.advance(10)
    line.fill(12, "late {}")
    world.advance(9)
    assert line.batches == []
    world.advance(2)
    assert [len(batch) for batch in line.batches] == [42]
    assert line.counts() == (0, 0)


def test_a_full_batch_does_not_wait_for_its_window(world: World) -> None:
    line = Line(
        world,
        BatchSize=10_000,
        MaximumBatchingWindowInSeconds=300,
        attributes={"VisibilityTimeout": "600"},
    )
    line.fill(10_050)
    world.advance(10)
    assert [len(batch) for batch in line.batches] == [10_000]
    world.advance(300)
    assert [len(batch) for batch in line.batches] == [10_000, 50]
    assert line.counts() == (0, 0)


def test_a_batch_is_no_larger_than_a_payload_may_be(world: World) -> None:
    line = Line(world, BatchSize=10)
    line.fill(10, "{}" + "x" * 104_000)
    big = "y" * 1_000_000
    for _ in range(10):
        line.send(big)
    world.advance(20)
    assert len(line.records) == 20
    assert max(sum(len(r["body"]) for r in batch) for batch in line.batches) < 6 * 1024**2
    assert line.counts() == (0, 0)


# ---- filters
@pytest.mark.parametrize(
    ("pattern", "passing"),
    [
        ({"body": {"n": [1]}}, ['{"n": 1}']),
        ({"body": {"n": [{"numeric": [">", 1]}]}}, ['{"n": 2, "k": "v"}']),
        ({"body": {"k": [{"exists": False}]}}, ['{"n": 1}']),
        ({"body": ["plain"]}, ["plain"]),
        ({"body": [{"prefix": "pl"}]}, ["plain", "plum"]),
        ({"attributes": {"ApproximateReceiveCount": ["1"]}}, None),
        ({"body": [{"prefix": "{"}]}, []),
    ],
)
def test_messages_that_no_filter_lets_through_are_deleted(
    world: World, pattern: Any, passing: list[str] | None
) -> None:
    bodies = ['{"n": 1}', '{"n": 2, "k": "v"}', "plain", "plum"]
    line = Line(world, FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})
    line.send(*bodies)
    world.settle()
    assert line.all_bodies == (bodies if passing is None else passing)
    assert line.counts() == (0, 0)


def test_a_message_passes_by_any_filter_and_filters_can_be_taken_away(world: World) -> None:
    filters = [{"Pattern": json.dumps({"body": {"n": [n]}})} for n in (1, 2)]
    line = Line(world, FilterCriteria={"Filters": filters})
    line.send(*(json.dumps({"n": n}) for n in range(4)))
    world.settle()
    assert [json.loads(body)["n"] for body in line.all_bodies] == [1, 2]
    assert line.get()["FilterCriteria"] == {"Filters": filters}
    assert "FilterCriteria" not in line.update(FilterCriteria={})
    line.send("anything")
    world.settle()
    assert line.all_bodies[-1] == "anything"


# ---- FIFO
def test_a_group_keeps_its_order_through_failures(world: World) -> None:
    line = Line(world, queue="q.fifo", FunctionResponseTypes=["ReportBatchItemFailures"])
    done: list[str] = []

    def stop_at_first_failure(records: Any) -> Any:
        for at, record in enumerate(records):
            if record["body"] == "4" and record["attributes"]["ApproximateReceiveCount"] == "1":
                left = [{"itemIdentifier": r["messageId"]} for r in records[at:]]
                return {"batchItemFailures": left}
            done.append(record["body"])
        return None

    line.answer = stop_at_first_failure
    for n in range(25):
        line.send(str(n), MessageGroupId="g")
    world.advance(40)
    assert done == [str(n) for n in range(25)]
    record = line.batches[0][0]
    assert {"MessageGroupId", "MessageDeduplicationId", "SequenceNumber"} < set(
        record["attributes"]
    )


def test_one_batch_of_a_group_at_a_time(world: World) -> None:
    line = Line(world, queue="q.fifo", BatchSize=1)
    world.compute.duration = lambda _spec: 1.0
    for n in range(6):
        for group in ("a", "b"):
            line.send(f"{group}{n}", MessageGroupId=group)
    most = 0
    for _ in range(40):
        world.advance(0.25)
        most = max(most, len(world.compute.known()))
    assert most == 2
    for group in ("a", "b"):
        seen = [b[0] for b in line.bodies if b[0].startswith(group)]
        assert seen == [f"{group}{n}" for n in range(6)]


def test_a_group_too_large_for_one_batch_stays_in_order(world: World) -> None:
    line = Line(world, queue="q.fifo", map=False)
    world.compute.duration = lambda _spec: 1.0

    def fail_first(_records: Any) -> None:
        if len(line.batches) == 1:
            raise FunctionError("ValueError", "not yet")

    line.answer = fail_first
    for n in range(10):
        line.send(f"{n}" + "x" * 1_000_000, MessageGroupId="g")
    line.map()
    for _ in range(40):
        world.advance(1.0)
        assert len(world.compute.known()) <= 1
    heads = [[body[0] for body in bodies] for bodies in line.bodies]
    assert heads[0] == heads[1] and len(heads) == 3
    assert [*heads[1], *heads[2]] == list("0123456789")


# ---- states
def test_a_mapping_is_created_then_enabled(world: World) -> None:
    line = Line(world, map=False)
    made = line.map()
    assert made["State"] == "Creating"
    line.uuid = made["UUID"]
    world.settle(0.01)
    shown = line.get()
    assert shown["State"] == "Enabled"
    assert shown["FunctionResponseTypes"] == []
    assert (shown["BatchSize"], shown["MaximumBatchingWindowInSeconds"]) == (10, 0)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{line.uuid}"
    assert shown["EventSourceMappingArn"] == arn
    assert shown["FunctionArn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"


def test_disabling_waits_for_batches_and_enabling_goes_on(world: World) -> None:
    line = Line(world)
    world.compute.duration = lambda _spec: 5.0
    line.send("first")
    world.settle()
    assert line.update(Enabled=False)["State"] == "Disabling"
    world.settle()
    assert line.get()["State"] == "Disabling"
    assert refusal(lambda: line.update(BatchSize=3)).code == "ResourceInUseException"
    world.advance(10)
    assert line.get()["State"] == "Disabled"
    line.send("second")
    world.advance(60)
    assert line.bodies == [["first"]]
    assert line.update(Enabled=True)["State"] == "Enabling"
    world.advance(10)
    assert line.bodies == [["first"], ["second"]]


def test_a_deleted_mapping_is_gone_when_its_batches_are(world: World) -> None:
    line = Line(world)
    world.compute.duration = lambda _spec: 5.0
    line.send("first")
    world.settle()
    deleted = world.call("lambda", "DeleteEventSourceMapping", UUID=line.uuid)
    assert deleted["State"] == "Deleting"
    world.advance(10)
    assert line.counts() == (0, 0)
    assert refusal(line.get).code == "ResourceNotFoundException"
    line.send("second")
    world.advance(60)
    assert line.counts() == (1, 0) and world.effects() == [
        e for e in world.effects() if e.reply_to and e.reply_to.service == "sqs"
    ]


def test_a_created_disabled_mapping_does_nothing(world: World) -> None:
    line = Line(world, Enabled=False)
    line.send("x")
    world.advance(10)
    assert line.get()["State"] == "Disabled"
    assert line.batches == [] and line.counts() == (1, 0)


def test_a_queue_deleted_under_a_mapping_is_told_and_found_again(world: World) -> None:
    line = Line(world)
    world.call("sqs", "DeleteQueue", QueueUrl=line.url)
    world.advance(10)
    assert "QueueDoesNotExist" in line.get()["LastProcessingResult"]
    world.call("sqs", "CreateQueue", QueueName="q")
    line.send("back")
    world.advance(70)
    assert line.bodies == [["back"]]
    assert "LastProcessingResult" not in line.get()
