"""Children of an array that an agent is given together, and what tells one of them apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.compute.base import Spec
from tests.services.batch.support import BatchWorld
from tests.services.batch.test_arrays import array, failing, held_vcpus, rows


def stretches(world: BatchWorld) -> list[dict[str, Any]]:
    read = world.kernel.reader.execute("SELECT run, unended, indexes, claims FROM batch_stretch")
    return [dict(row) for row in read]


@pytest.fixture
def under_way(world: BatchWorld) -> tuple[BatchWorld, str]:
    """An array whose first children were quick: those that follow lie at the agent and go on."""
    world.machine(vcpus=2)
    world.compute.duration = lambda _spec: 0.01 if len(world.compute.started) <= 2 else 100.0
    id = array(world, 400, retryStrategy={"attempts": 2})
    world.advance(0.05)
    assert len(stretches(world)) == 3
    world.compute.duration = lambda _spec: 0.01
    return world, id


def test_two_hold_their_places_and_one_waits(under_way: tuple[BatchWorld, str]) -> None:
    world, id = under_way
    assert [json.loads(s["claims"]) == [] for s in stretches(world)].count(True) == 1
    assert held_vcpus(world) == 2000
    together = [i for s in stretches(world) for i in json.loads(s["indexes"])]
    assert sorted(together) == list(range(2, 2 + len(together)))
    assert world.summary(id)["STARTING"] == len(together)
    assert rows(world, "batch_task") == 0
    assert len(world.effects()) == 3


def test_one_is_described_as_any_other(under_way: tuple[BatchWorld, str]) -> None:
    world, id = under_way
    child = world.job(f"{id}:5")
    spec = next(s for s in world.compute.started if s["run_id"].endswith("/5"))
    assert child["status"] == "STARTING"
    assert spec["variables"]["AWS_BATCH_JOB_ID"] == f"{id}:5"
    assert spec["variables"]["AWS_BATCH_JOB_ARRAY_INDEX"] == "5"
    world.started(spec)
    child = world.job(f"{id}:5")
    assert (child["status"], child["startedAt"]) == ("RUNNING", round(world.clock.now() * 1000))
    assert child["container"]["logStreamName"] == spec["log_stream"]
    assert rows(world, "batch_task") == 1
    assert held_vcpus(world) == 2000
    world.settle(200)
    assert world.summary(id) == {"SUCCEEDED": 400}
    assert rows(world, "batch_task") == rows(world, "batch_stretch") == 0


def test_one_is_stopped(under_way: tuple[BatchWorld, str]) -> None:
    world, id = under_way
    world.batch("TerminateJob", jobId=f"{id}:7", reason="not this one")
    world.advance(1)
    child = world.job(f"{id}:7")
    assert (child["status"], child["statusReason"]) == ("FAILED", "not this one")
    assert child["attempts"][0]["container"]["exitCode"] == 143
    world.settle(200)
    assert world.summary(id) == {"SUCCEEDED": 399, "FAILED": 1}


def test_all_are_stopped(under_way: tuple[BatchWorld, str]) -> None:
    world, id = under_way
    world.batch("TerminateJob", jobId=id, reason="enough")
    world.advance(1)
    assert world.summary(id) == {"SUCCEEDED": 2, "FAILED": 398}
    assert rows(world, "batch_stretch") == 0
    assert held_vcpus(world) == 0
    other = world.submit()
    world.settle(1)
    assert world.status(other) == "SUCCEEDED"


def test_a_lost_agent_ends_the_attempt_of_each(under_way: tuple[BatchWorld, str]) -> None:
    world, id = under_way
    world.lose_agent()
    world.machine(vcpus=2)
    world.settle(30)
    assert world.summary(id) == {"SUCCEEDED": 400}
    attempts = world.job(f"{id}:3")["attempts"]
    assert attempts[0]["statusReason"].startswith("Host EC2 (instance i-")
    assert len(attempts) == 2
    assert rows(world, "batch_stretch") == 0


def test_a_killed_server_finds_them_again(under_way: tuple[BatchWorld, str]) -> None:
    world, id = under_way
    before = len(world.compute.started)
    world.crash()
    world.advance(1)
    assert len(world.compute.started) == before
    world.settle(200)
    assert world.summary(id) == {"SUCCEEDED": 400}
    ran = [s["variables"]["AWS_BATCH_JOB_ARRAY_INDEX"] for s in world.compute.started]
    assert len(ran) == len(set(ran)) == 400


def test_those_that_fail_are_tried_again(world: BatchWorld) -> None:
    world.compute.process = failing(100, 101, 250)
    id = array(world, 300, retryStrategy={"attempts": 3})
    world.settle(30)
    assert world.summary(id) == {"SUCCEEDED": 297, "FAILED": 3}
    assert [len(world.job(f"{id}:{n}")["attempts"]) for n in (99, 100, 250)] == [1, 3, 3]
    assert rows(world, "batch_task") == 3


def test_what_differs_in_more_than_the_index_goes_alone(world: BatchWorld) -> None:
    world.define(
        "shares",
        container={
            "volumes": [{"name": "v"}],
            "mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}],
        },
    )
    id = array(world, 100, definition="shares")
    world.settle(30)
    assert world.summary(id) == {"SUCCEEDED": 100}
    assert not any("/" in spec["run_id"] for spec in world.compute.started)


def test_a_full_environment_is_the_limit_not_the_agent(world: BatchWorld) -> None:
    world.environment("small", 2)
    world.queue("narrow", "small")
    running: list[Spec] = []
    world.compute.duration = lambda spec: (running.append(spec), 0.01)[1]
    id = array(world, 50, queue="narrow")
    while world.status(id) == "PENDING":
        world.advance(0.005)
        assert world.summary(id).get("STARTING", 0) <= 2
    assert world.summary(id) == {"SUCCEEDED": 50}
