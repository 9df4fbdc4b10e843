"""Batch with others: who waits for a job's end, who listens to its events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.effects import ReplyTo, Report
from owari.kernel import Work
from owari.store.tx import Tx
from owari.store.watching import watch as ask_to_watch
from owari.wire.operation import REGISTRY, Operation, Registry
from tests.services.batch.support import SYSTEM, BatchWorld


class Others:
    """A service that waits for jobs, and an event bus."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.events: list[dict[str, Any]] = []
        self.rules: list[dict[str, Any]] = []
        self.registry = Registry(
            dict(REGISTRY.operations), dict(REGISTRY.reactions), dict(REGISTRY.prepares),
            dict(REGISTRY.migrations), dict(REGISTRY.initial),
        )  # fmt: skip
        self.registry.reactions["waiter", "ended"] = self._ended
        for service, name in (
            ("events", "PutEvents"),
            ("events", "ListRules"),
        ):
            handler = getattr(self, f"_{name}")
            made = Operation(service, name, handler, lambda _p: False)
            self.registry.operations[service, name] = made

    def _ended(self, _tx: Tx, report: Report) -> None:
        assert report.result is not None
        self.told.append((report.key, report.result))

    def _ListRules(self, _tx: Tx, _p: dict[str, Any]) -> dict[str, Any]:
        return {"Rules": self.rules}

    def _PutEvents(self, _tx: Tx, p: dict[str, Any]) -> dict[str, Any]:
        self.events += p["Entries"]
        return {}


@pytest.fixture
def others() -> Others:
    return Others()


@pytest.fixture
def world(tmp_path: Path, others: Others) -> Iterator[BatchWorld]:
    made = BatchWorld(tmp_path / "owari", registry=others.registry)
    made.set_up()
    made.machine()
    yield made
    made.close()


def watch(world: BatchWorld, job: str, key: str) -> None:
    def body(tx: Tx) -> None:
        ask_to_watch(tx, "batch", {"jobs": [job]}, ReplyTo("waiter", "ended", key))

    world.kernel.submit(Work(SYSTEM, body, lambda _r, _e: None))
    world.settle(0)


def test_who_waits_for_a_job_is_told_once(world: BatchWorld, others: Others) -> None:
    world.compute.duration = lambda _spec: 10.0
    single, array = world.submit(), world.submit(arrayProperties={"size": 2})
    watch(world, single, "s")
    watch(world, array, "a")
    watch(world, "nonsense", "n")
    assert [key for key, _ in others.told] == ["n"]
    world.crash()
    world.settle(60)
    told = {key: [job["status"] for job in result["jobs"]] for key, result in others.told}
    assert told == {"n": [], "s": ["SUCCEEDED"], "a": ["SUCCEEDED"]}
    assert len(others.told) == 3
    (job,) = [result["jobs"][0] for key, result in others.told if key == "s"]
    assert job["container"]["exitCode"] == 0
    watch(world, single, "late")
    assert others.told[-1][0] == "late"


def test_events_leave_only_where_a_rule_wants_them(world: BatchWorld, others: Others) -> None:
    world.submit()
    world.settle(5)
    assert others.events == []
    others.rules = [{"State": "ENABLED", "EventPattern": json.dumps({"source": ["aws.s3"]})}]
    world.kernel.cache.clear()
    world.submit()
    world.settle(5)
    assert others.events == []
    others.rules = [{"State": "ENABLED", "EventPattern": json.dumps({"source": ["aws.batch"]})}]
    world.kernel.cache.clear()
    id = world.submit()
    world.settle(5)
    details = [json.loads(e["Detail"]) for e in others.events]
    assert [d["status"] for d in details] == ["RUNNABLE", "STARTING", "SUCCEEDED"]
    assert {d["jobId"] for d in details} == {id}
    others.events.clear()
    array = world.submit(arrayProperties={"size": 2})
    world.settle(5)
    last = {d["jobId"]: d["status"] for d in (json.loads(e["Detail"]) for e in others.events)}
    assert last == {array: "SUCCEEDED", f"{array}:0": "SUCCEEDED", f"{array}:1": "SUCCEEDED"}


def test_a_queue_that_a_job_blocks_is_told_of_once(world: BatchWorld, others: Others) -> None:
    others.rules = [{"State": "ENABLED", "EventPattern": json.dumps({"source": ["aws.batch"]})}]
    world.settle(5)
    world.compute.duration = lambda _spec: 60.0
    runs = [world.submit() for _ in range(5)]  # four fit: the fifth only waits
    world.settle(5)
    kinds = [e["DetailType"] for e in others.events]
    assert kinds == ["Batch Job State Change"] * len(kinds)
    id = world.submit(containerOverrides={"memory": 10**6})
    world.submit(containerOverrides={"memory": 10**6})
    world.advance(600)
    blocked = [e for e in others.events if e["DetailType"] == "Batch Job Queue Blocked"]
    (event,) = blocked
    arn = "arn:aws:batch:us-east-1:000000000000:"
    assert event["Resources"] == [f"{arn}job/{id}", f"{arn}job-queue/q"]
    detail = json.loads(event["Detail"])
    assert (detail["jobId"], detail["status"]) == (id, "RUNNABLE")
    assert detail["statusReason"].startswith("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - ")
    assert {world.status(run) for run in runs} == {"SUCCEEDED"}
