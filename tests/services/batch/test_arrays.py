"""Arrays: one record until children start, counts that add up, and every child by its id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.compute.base import Spec
from owari.errors import ServiceError
from tests.services.batch.support import BatchWorld


def array(world: BatchWorld, size: int, **p: Any) -> str:
    return world.submit(arrayProperties={"size": size}, **p)


def rows(world: BatchWorld, table: str) -> int:
    (n,) = world.kernel.reader.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    return int(n)


def held_vcpus(world: BatchWorld) -> int:
    """In thousandths."""
    held = world.kernel.reader.execute("SELECT claims FROM batch_held")
    claims = [claim for row in held for claim in json.loads(row["claims"])]
    return sum(n for kind, _, n in claims if kind == "vcpus")


def failing(*indexes: int) -> Any:
    def process(spec: Spec) -> tuple[int, str]:
        return int(spec["variables"]["AWS_BATCH_JOB_ARRAY_INDEX"] in map(str, indexes)), ""

    return process


def test_a_waiting_array_is_one_row(world: BatchWorld) -> None:
    world.machine(vcpus=0.5)  # clamped: children run one by one
    before = world.submit()
    id = array(world, 10_000, dependsOn=[{"jobId": before}])
    assert rows(world, "batch_job") == 2
    assert rows(world, "batch_chunk") == rows(world, "batch_task") == 0
    detail = world.job(id)
    assert detail["status"] == "PENDING"
    assert detail["arrayProperties"]["size"] == 10_000
    assert world.summary(id) == {"PENDING": 10_000}
    assert world.status(f"{id}:9999") == "PENDING"
    world.compute.duration = lambda _spec: 1000.0 if len(world.compute.started) > 1 else 1.0
    world.settle(5)
    assert world.summary(id) == {"RUNNABLE": 9_999, "STARTING": 1}
    assert (rows(world, "batch_chunk"), rows(world, "batch_task")) == (1, 2)
    assert len(world.effects()) == 1


def test_every_child_runs_once_with_its_index(world: BatchWorld) -> None:
    id = array(world, 600)
    world.settle(30)
    assert world.summary(id) == {"SUCCEEDED": 600}
    detail = world.job(id)
    assert detail["status"] == "SUCCEEDED"
    assert detail["startedAt"] <= detail["stoppedAt"]
    indexes = [int(s["variables"]["AWS_BATCH_JOB_ARRAY_INDEX"]) for s in world.compute.started]
    assert indexes == list(range(600))
    assert {s["variables"]["AWS_BATCH_JOB_ARRAY_SIZE"] for s in world.compute.started} == {"600"}
    assert world.compute.started[7]["variables"]["AWS_BATCH_JOB_ID"] == f"{id}:7"
    assert rows(world, "batch_task") == 0
    child = world.job(f"{id}:300")
    assert child["arrayProperties"] == {"index": 300}
    assert child["status"] == "SUCCEEDED"
    assert child["container"]["exitCode"] == 0
    assert child["container"]["logStreamName"] == world.compute.started[300]["log_stream"]
    assert child["attempts"][0]["statusReason"] == "Essential container in task exited"
    assert child["startedAt"] < child["stoppedAt"]
    assert not world.effects()


def test_one_failed_child_fails_the_array_once_all_have_ended(world: BatchWorld) -> None:
    world.compute.process = failing(3)
    id = array(world, 20, retryStrategy={"attempts": 2})
    world.settle(0.015)
    assert world.status(id) == "PENDING"
    world.settle(10)
    assert world.summary(id) == {"SUCCEEDED": 19, "FAILED": 1}
    assert world.status(id) == "FAILED"
    child = world.job(f"{id}:3")
    assert (child["status"], len(child["attempts"])) == ("FAILED", 2)
    assert rows(world, "batch_task") == 1


def test_a_retried_child_goes_before_the_next(world: BatchWorld) -> None:
    world.machine(vcpus=1)
    world.compute.duration = lambda _spec: 1.0

    def process(spec: Spec) -> tuple[int, str]:
        v = spec["variables"]
        first = v["AWS_BATCH_JOB_ARRAY_INDEX"] == "1" and v["AWS_BATCH_JOB_ATTEMPT"] == "1"
        return int(first), ""

    world.compute.process = process
    id = array(world, 4, retryStrategy={"attempts": 2})
    world.settle(10)
    ran = [s["variables"]["AWS_BATCH_JOB_ARRAY_INDEX"] for s in world.compute.started]
    assert ran == ["0", "1", "1", "2", "3"]
    assert world.summary(id) == {"SUCCEEDED": 4}
    assert len(world.job(f"{id}:1")["attempts"]) == 2


def test_quick_children_are_sent_ahead_and_nothing_is_taken_twice(world: BatchWorld) -> None:
    """The agent has the next ones at hand; what they hold together is still the machine."""
    world.compute.duration = lambda _spec: 0.1
    id = array(world, 500)
    other = array(world, 3, containerOverrides={"vcpus": 3})
    most = 0
    while world.status(id) == "PENDING":
        world.advance(0.05)
        assert held_vcpus(world) <= 4000
        most = max(most, world.summary(id).get("STARTING", 0))
    assert 4 < most <= 20
    assert rows(world, "batch_stretch") == 0
    world.settle(30)
    assert world.summary(id) == {"SUCCEEDED": 500}
    assert world.summary(other) == {"SUCCEEDED": 3}
    assert len(world.compute.started) == 503


def test_slow_children_are_not_sent_ahead(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 1.0
    array(world, 30)
    for _ in range(30):
        world.advance(0.3)
        assert rows(world, "batch_task") <= 4


def test_cancelling_an_array_lets_running_children_end(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 10.0
    id = array(world, 1000)
    world.settle(1)
    world.batch("CancelJob", jobId=id, reason="changed my mind")
    assert world.summary(id) == {"STARTING": 4, "FAILED": 996}
    assert world.status(id) == "PENDING"
    assert world.job(f"{id}:999")["statusReason"] == "changed my mind"
    world.settle(20)
    assert world.summary(id) == {"SUCCEEDED": 4, "FAILED": 996}
    assert world.job(id)["statusReason"] == "changed my mind"
    assert rows(world, "batch_task") == 0


def test_terminating_an_array_stops_everything(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 1000.0
    id = array(world, 1000, retryStrategy={"attempts": 5})
    world.settle(1)
    world.batch("TerminateJob", jobId=id, reason="stop it")
    world.settle(10)
    assert world.summary(id) == {"FAILED": 1000}
    detail = world.job(id)
    assert (detail["status"], detail["statusReason"]) == ("FAILED", "stop it")
    assert world.job(f"{id}:0")["statusReason"] == "stop it"
    assert len(world.compute.started) == 4


def test_terminating_before_an_agent_has_them_starts_no_others(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 0.1
    holder, world.engine.holder = world.engine.holder, ""  # nobody to run anything
    id = array(world, 100)
    world.settle(1)
    assert world.summary(id)["STARTING"] == 4
    world.batch("TerminateJob", jobId=id, reason="stop it")
    world.engine.holder = holder
    world.settle(60)
    assert world.summary(id) == {"FAILED": 100}
    assert not world.compute.started
    assert not world.effects()


def test_single_children_are_cancelled_and_terminated(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 10.0
    id = array(world, 300)
    world.settle(1)
    world.batch("CancelJob", jobId=f"{id}:299", reason="not this one")
    world.batch("TerminateJob", jobId=f"{id}:1", reason="nor this")
    assert world.job(f"{id}:299")["statusReason"] == "not this one"
    world.settle(1000)
    assert world.summary(id) == {"SUCCEEDED": 298, "FAILED": 2}
    assert world.job(f"{id}:1")["statusReason"] == "nor this"
    world.batch("CancelJob", jobId=f"{id}:300", reason="r")  # there is none
    assert world.summary(id) == {"SUCCEEDED": 298, "FAILED": 2}


def test_children_are_listed_by_status(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 10.0
    id = array(world, 700)
    world.settle(1)

    def listed(status: str) -> list[int]:
        found: list[int] = []
        token = ""
        while True:
            page = world.batch("ListJobs", arrayJobId=id, jobStatus=status, nextToken=token)
            found += [s["arrayProperties"]["index"] for s in page["jobSummaryList"]]
            token = page.get("nextToken", "")
            if not token:
                return found

    assert listed("STARTING") == [0, 1, 2, 3]
    assert listed("RUNNABLE") == list(range(4, 700))
    assert listed("SUCCEEDED") == []
    world.settle(2000)
    assert listed("SUCCEEDED") == list(range(700))


def test_bounds_of_an_array(world: BatchWorld) -> None:
    for size in (1, 10_001):
        with pytest.raises(ServiceError, match="between 2 and 10000"):
            array(world, size)
