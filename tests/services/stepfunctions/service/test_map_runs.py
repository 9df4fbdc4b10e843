"""Distributed Maps: readers, batches, children, tolerated failures, results, map runs."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from owari.compute.fake import FunctionError
from tests.services.lambda_ import support as functions
from tests.services.stepfunctions.service.driving import (
    call,
    describe,
    ended,
    history,
    kinds,
    machine,
    output,
    refused,
    start,
    states,
    task,
)
from tests.simulation.pipeline import read, upload
from tests.support.world import World

Json = dict[str, Any]


def distributed(inner: Json, *, kind: str = "STANDARD", **fields: Any) -> Json:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, **inner}
    return states(("M", {"Type": "Map", "Label": "L", "ItemProcessor": processor, **fields}))


EACH = states(("E", {"Type": "Pass"}))


def put(world: World, key: str, data: bytes) -> None:
    try:
        world.call("s3", "CreateBucket", Bucket="bucket")
    except Exception as error:
        assert "BucketAlready" in str(error)
    world.call("s3", "PutObject", Bucket="bucket", Key=key, Body=upload(data))


def reader(key: str, **config: Any) -> Json:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": config,
        "Parameters": {"Bucket": "bucket", "Key": key},
    }


def results(world: World, definition: Json, value: Any = None) -> Any:
    return output(ended(world, start(world, machine(world, definition), value)))


def map_run(world: World, arn: str) -> Json:
    runs = call(world, "ListMapRuns", executionArn=arn)["mapRuns"]
    return call(world, "DescribeMapRun", mapRunArn=runs[0]["mapRunArn"])


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_results_come_in_the_items_order(world: World, kind: str) -> None:
    items = list(range(150))
    arn = start(world, machine(world, distributed(EACH, kind=kind)), items)
    assert output(ended(world, arn)) == items
    told = map_run(world, arn)
    assert told["status"] == "SUCCEEDED" and told["executionArn"] == arn
    expected = {"total": 150, "succeeded": 150, "resultsWritten": 150}
    for counts in (told["executionCounts"], told["itemCounts"]):
        assert {k: v for k, v in counts.items() if v} == expected
    assert "MapRunSucceeded" in kinds(world, arn)
    assert not world.effects()
    assert not world.kernel.reader.execute("SELECT * FROM sfn_frame").fetchall()


def test_children_are_executions(world: World) -> None:
    arn = start(world, machine(world, distributed(EACH)), ["a", "b"])
    ended(world, arn)
    run = map_run(world, arn)["mapRunArn"]
    listed = call(world, "ListExecutions", mapRunArn=run)["executions"]
    assert len(listed) == 2 and all(e["mapRunArn"] == run for e in listed)
    child = describe(world, listed[0]["executionArn"])
    assert child["mapRunArn"] == run and ":m/L:" in child["executionArn"]
    assert kinds(world, child["executionArn"])[0] == "ExecutionStarted"
    of_child = call(world, "DescribeStateMachineForExecution", executionArn=child["executionArn"])
    assert (of_child["mapRunArn"], of_child["label"]) == (run, "L")


def test_readers(world: World) -> None:
    put(world, "a.csv", b"x,y\r\n1,2\r\n3\r\n")
    put(world, "a.json", b'{"list": [1, 2, 3]}')
    put(world, "a.jsonl", b'{"n": 1}\n{"n": 2}\n')
    put(world, "part.csv.gz", gzip.compress(b'"bucket","k1"\n"bucket","k2"\n'))
    inventory = {
        "sourceBucket": "bucket",
        "destinationBucket": "arn:aws:s3:::bucket",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key",
        "files": [{"key": "part.csv.gz"}],
    }
    put(world, "manifest.json", json.dumps(inventory).encode())
    cases: list[tuple[Json, Any]] = [
        (
            reader("a.csv", InputType="CSV", CSVHeaderLocation="FIRST_ROW"),
            [{"x": "1", "y": "2"}, {"x": "3", "y": ""}],
        ),
        (reader("a.json", InputType="JSON", ItemsPointer="/list", MaxItems=2), [1, 2]),
        (reader("a.jsonl", InputType="JSONL"), [{"n": 1}, {"n": 2}]),
        (
            reader("manifest.json", InputType="MANIFEST"),
            [{"Bucket": "bucket", "Key": "k1"}, {"Bucket": "bucket", "Key": "k2"}],
        ),
    ]
    for number, (given, expected) in enumerate(cases):
        made = machine(world, distributed(EACH, ItemReader=given), f"m{number}")
        assert output(ended(world, start(world, made))) == expected
    listing = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Parameters": {"Bucket": "bucket", "Prefix": "a."},
    }
    made = machine(world, distributed(EACH, ItemReader=listing), "listing")
    found = output(ended(world, start(world, made)))
    assert [entry["Key"] for entry in found] == ["a.csv", "a.json", "a.jsonl"]
    assert found[0]["Size"] == 13


@pytest.mark.parametrize(
    ("data", "config", "cause"),
    [
        (b"{}", {"InputType": "JSON"}, "Attempting to map over non-iterable node."),
        (b"a,a\n1,2\n", {"InputType": "CSV"}, "CSV headers cannot contain duplicates."),
        (b"{", {"InputType": "JSONL"}, "A line is not valid JSON"),
    ],
)
def test_files_that_cannot_be_read(world: World, data: bytes, config: Json, cause: str) -> None:
    put(world, "k", data)
    if config["InputType"] == "CSV":
        config = {**config, "CSVHeaderLocation": "FIRST_ROW"}
    arn = start(world, machine(world, distributed(EACH, ItemReader=reader("k", **config))))
    told = ended(world, arn)
    assert told["error"] == "States.ItemReaderFailed" and told["cause"].startswith(cause)
    assert map_run(world, arn)["status"] == "FAILED"
    missing = machine(world, distributed(EACH, ItemReader=reader("zz", **config)), "missing")
    assert ended(world, start(world, missing))["error"] == "States.ItemReaderFailed"


def test_batches(world: World) -> None:
    definition = distributed(EACH, ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"b": 1}})
    arn = start(world, machine(world, definition), [1, 2, 3])
    assert output(ended(world, arn)) == [
        {"BatchInput": {"b": 1}, "Items": [1, 2]},
        {"BatchInput": {"b": 1}, "Items": [3]},
    ]
    told = map_run(world, arn)
    assert told["itemCounts"]["succeeded"] == 3 and told["executionCounts"]["succeeded"] == 2


def test_concurrency_is_bounded(world: World) -> None:
    functions.create(world, "f")
    running: list[int] = []
    world.compute.duration = lambda _spec: 1.0
    world.compute.handlers["f"] = lambda event, _spec: event
    definition = distributed(states(("T", task(functions.arn("f")))), MaxConcurrency=3)
    arn = start(world, machine(world, definition), list(range(10)))
    for _ in range(30):
        world.advance(0.5)
        counts = map_run(world, arn)["executionCounts"]
        running.append(counts["running"])
        if describe(world, arn)["status"] != "RUNNING":
            break
    assert max(running) == 3
    assert output(describe(world, arn)) == list(range(10))


FAILS = {
    "StartAt": "C",
    "States": {
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericLessThan": 3, "Next": "F"}],
            "Default": "S",
        },
        "F": {"Type": "Fail", "Error": "Small", "Cause": "so small"},
        "S": {"Type": "Succeed"},
    },
}


def test_failures_are_tolerated_up_to_a_bound(world: World) -> None:
    arn = start(world, machine(world, distributed(FAILS, ToleratedFailureCount=3)), [*range(9)])
    assert output(ended(world, arn)) == [3, 4, 5, 6, 7, 8]
    assert map_run(world, arn)["executionCounts"]["failed"] == 3
    strict = machine(world, distributed(FAILS, ToleratedFailurePercentage=10), "strict")
    told = ended(world, start(world, strict, [*range(9)]))
    assert told["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_failed_run_stops_its_children(world: World) -> None:
    functions.create(world, "f", Timeout=900)

    def handler(event: Any, _spec: Any) -> Any:
        if event == 0:
            raise FunctionError("Boom", "first")
        return event

    world.compute.handlers["f"] = handler
    world.compute.duration = lambda spec: 1.0 if json.loads(spec["payload"]) == 0 else 600.0
    arn = start(
        world, machine(world, distributed(states(("T", task(functions.arn("f")))))), [*range(5)]
    )
    world.advance(10)
    assert describe(world, arn)["error"] == "States.ExceedToleratedFailureThreshold"
    run = map_run(world, arn)
    assert run["status"] == "FAILED"
    assert (run["executionCounts"]["failed"], run["executionCounts"]["aborted"]) == (1, 4)
    statuses = {
        e["status"] for e in call(world, "ListExecutions", mapRunArn=run["mapRunArn"])["executions"]
    }
    assert statuses == {"FAILED", "ABORTED"}


def test_results_are_written_to_a_bucket(world: World) -> None:
    world.call("s3", "CreateBucket", Bucket="results")
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "results", "Prefix": "runs"},
    }
    definition = distributed(FAILS, ToleratedFailureCount=9, ResultWriter=writer)
    arn = start(world, machine(world, definition), [1, 5])
    made = output(ended(world, arn))
    run = map_run(world, arn)["mapRunArn"]
    folder = f"runs/{run.rpartition(':')[2]}"
    assert made == {
        "MapRunArn": run,
        "ResultWriterDetails": {"Bucket": "results", "Key": f"{folder}/manifest.json"},
    }

    def content(key: str) -> Any:
        return json.loads(read(world.call("s3", "GetObject", Bucket="results", Key=key)["Body"]))

    manifest = content(f"{folder}/manifest.json")
    assert manifest["DestinationBucket"] == "results" and manifest["MapRunArn"] == run
    files = manifest["ResultFiles"]
    assert files["PENDING"] == []
    assert files["SUCCEEDED"][0]["Key"] == f"{folder}/SUCCEEDED_0.json"
    (good,) = content(files["SUCCEEDED"][0]["Key"])
    assert (good["Input"], good["Output"], good["Status"]) == ("5", "5", "SUCCEEDED")
    (bad,) = content(files["FAILED"][0]["Key"])
    assert (bad["Error"], bad["Cause"]) == ("Small", "so small")


def test_a_writer_without_its_bucket_fails_the_run(world: World) -> None:
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "nowhere", "Prefix": "p"},
    }
    told = ended(world, start(world, machine(world, distributed(EACH, ResultWriter=writer)), [1]))
    assert told["error"] == "States.ResultWriterFailed"


def test_a_run_is_updated_while_it_goes_on(world: World) -> None:
    functions.create(world, "f")
    world.compute.duration = lambda _spec: 5.0

    def handler(event: Any, _spec: Any) -> Any:
        raise FunctionError("Boom", "all")

    world.compute.handlers["f"] = handler
    definition = distributed(states(("T", task(functions.arn("f")))), MaxConcurrency=1)
    arn = start(world, machine(world, definition), [1, 2, 3])
    world.settle()
    run = map_run(world, arn)["mapRunArn"]
    call(world, "UpdateMapRun", mapRunArn=run, toleratedFailureCount=3)
    assert output(ended(world, arn)) == []
    assert map_run(world, arn)["toleratedFailureCount"] == 3
    over = refused(world, "UpdateMapRun", mapRunArn=run, toleratedFailureCount=1)
    assert over.code == "ValidationException"
    assert refused(world, "DescribeMapRun", mapRunArn=f"{run}x").code == "ResourceNotFound"


def test_more_children_run_after_the_bound_is_raised(world: World) -> None:
    functions.create(world, "f")
    world.compute.duration = lambda _spec: 100.0
    definition = distributed(states(("T", task(functions.arn("f")))), MaxConcurrency=1)
    arn = start(world, machine(world, definition), [*range(5)])
    world.settle()
    run = map_run(world, arn)
    assert (run["executionCounts"]["running"], run["maxConcurrency"]) == (1, 1)
    call(world, "UpdateMapRun", mapRunArn=run["mapRunArn"], maxConcurrency=4)
    world.settle()
    run = map_run(world, arn)
    assert (run["executionCounts"]["running"], run["maxConcurrency"]) == (4, 4)
    assert output(ended(world, arn)) == [*range(5)]


def test_a_redrive_starts_only_the_children_that_failed(world: World) -> None:
    functions.create(world, "f")
    broken = {2}
    seen: list[int] = []

    def handler(event: Any, _spec: Any) -> Any:
        seen.append(event)
        if event in broken:
            raise FunctionError("Boom", "broken")
        return event * 10

    world.compute.handlers["f"] = handler
    definition = distributed(states(("T", task(functions.arn("f")))), MaxConcurrency=1)
    arn = start(world, machine(world, definition), [1, 2, 3])
    assert ended(world, arn)["status"] == "FAILED"
    assert refused(world, "RedriveExecution", executionArn=arn + "x").code == (
        "ExecutionDoesNotExist"
    )
    broken.clear()
    call(world, "RedriveExecution", executionArn=arn)
    told = ended(world, arn)
    assert output(told) == [10, 20, 30]
    assert (told["redriveCount"], seen) == (1, [1, 2, 2, 3])
    assert map_run(world, arn)["executionCounts"]["succeeded"] == 3
    ids = [event["id"] for event in history(world, arn)]
    assert ids == list(range(1, len(ids) + 1))
    assert refused(world, "RedriveExecution", executionArn=arn).code == "ExecutionNotRedrivable"
