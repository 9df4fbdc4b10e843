"""Who waits for whom: whole jobs, child by child, one after another."""

from __future__ import annotations

import pytest

from owari.compute.base import Spec
from owari.errors import ServiceError
from tests.services.batch.support import BatchWorld

DEPENDENCY_FAILED = "Dependent Job failed"


def index_of(spec: Spec) -> int:
    return int(spec["variables"]["AWS_BATCH_JOB_ARRAY_INDEX"])


def order(world: BatchWorld) -> list[tuple[str, int]]:
    """(job, index) in the order of their starts."""
    return [
        (s["variables"]["AWS_BATCH_JOB_ID"].split(":")[0], index_of(s))
        for s in world.compute.started
    ]


def test_a_job_waits_for_all_it_depends_on(world: BatchWorld) -> None:
    quick, slow = world.submit(), world.submit(timeout={"attemptDurationSeconds": 3600})
    world.compute.duration = lambda s: 100.0 if s["timeout_s"] == 3600 else 1.0
    id = world.submit(dependsOn=[{"jobId": quick}, {"jobId": slow}, {"jobId": quick}])
    world.settle(10)
    assert (world.status(quick), world.status(id)) == ("SUCCEEDED", "PENDING")
    world.settle(100)
    assert world.status(id) == "SUCCEEDED"
    assert world.job(id)["dependsOn"][0] == {"jobId": quick}


def test_failure_travels_along_a_chain(world: BatchWorld) -> None:
    world.compute.process = lambda _spec: (1, "")
    ids = [world.submit()]
    for _ in range(5):
        ids.append(world.submit(dependsOn=[{"jobId": ids[-1]}]))
    after = world.submit(arrayProperties={"size": 500}, dependsOn=[{"jobId": ids[-1]}])
    world.settle(5)
    assert [world.job(id)["statusReason"] for id in ids[1:]] == [DEPENDENCY_FAILED] * 5
    assert world.job(after)["status"] == "FAILED"
    assert world.job(after)["statusReason"] == DEPENDENCY_FAILED
    assert world.job(f"{after}:499")["statusReason"] == DEPENDENCY_FAILED
    late = world.submit(dependsOn=[{"jobId": ids[0]}])
    assert world.job(late)["statusReason"] == DEPENDENCY_FAILED


def test_depending_on_what_has_ended(world: BatchWorld) -> None:
    before = world.submit()
    world.settle(5)
    after = world.submit(dependsOn=[{"jobId": before}])
    world.settle(5)
    assert world.status(after) == "SUCCEEDED"


def test_n_to_n_follows_child_by_child(world: BatchWorld) -> None:
    world.machine(vcpus=2)
    first = world.submit(arrayProperties={"size": 600})
    second = world.submit(
        arrayProperties={"size": 600}, dependsOn=[{"jobId": first, "type": "N_TO_N"}]
    )
    world.settle(2)
    assert world.summary(second).get("PENDING", 0) > 0
    world.settle(60)
    assert world.summary(first) == world.summary(second) == {"SUCCEEDED": 600}
    place = {entry: n for n, entry in enumerate(order(world))}
    assert len(place) == 1200
    assert all(place[first, i] < place[second, i] for i in range(600))


def test_n_to_n_failures_stay_with_their_child(world: BatchWorld) -> None:
    def process(spec: Spec) -> tuple[int, str]:
        return int(index_of(spec) in (1, 300)), ""

    world.compute.process = process
    a = world.submit(arrayProperties={"size": 301})
    b = world.submit(arrayProperties={"size": 301}, dependsOn=[{"jobId": a, "type": "N_TO_N"}])
    c = world.submit(arrayProperties={"size": 301}, dependsOn=[{"jobId": b, "type": "N_TO_N"}])
    world.settle(30)
    for id in (b, c):
        assert world.summary(id) == {"SUCCEEDED": 299, "FAILED": 2}
        assert world.job(f"{id}:300")["statusReason"] == DEPENDENCY_FAILED
        assert world.job(f"{id}:0")["status"] == "SUCCEEDED"


def test_cancelling_the_first_of_n_to_n_ends_the_others(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 10.0
    a = world.submit(arrayProperties={"size": 400})
    b = world.submit(arrayProperties={"size": 400}, dependsOn=[{"jobId": a, "type": "N_TO_N"}])
    world.settle(1)
    world.batch("CancelJob", jobId=a, reason="no")
    assert world.summary(b) == {"PENDING": 4, "FAILED": 396}
    world.settle(60)
    assert world.summary(b) == {"SUCCEEDED": 4, "FAILED": 396}


def test_n_to_n_on_a_job_that_is_under_way(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 1.0
    a = world.submit(arrayProperties={"size": 40})
    world.settle(3.5)
    done = world.summary(a).get("SUCCEEDED", 0)
    assert 0 < done < 40
    b = world.submit(arrayProperties={"size": 40}, dependsOn=[{"jobId": a, "type": "N_TO_N"}])
    assert world.summary(b)["RUNNABLE"] == done
    world.settle(60)
    assert world.summary(b) == {"SUCCEEDED": 40}


def test_sequential_children_run_one_by_one(world: BatchWorld) -> None:
    id = world.submit(arrayProperties={"size": 30}, dependsOn=[{"type": "SEQUENTIAL"}])
    assert world.summary(id) == {"RUNNABLE": 1, "PENDING": 29}
    world.settle(10)
    assert [index for _, index in order(world)] == list(range(30))
    assert world.summary(id) == {"SUCCEEDED": 30}


def test_a_failed_child_ends_its_sequence(world: BatchWorld) -> None:
    world.compute.process = lambda spec: (int(index_of(spec) == 3), "")
    id = world.submit(arrayProperties={"size": 600}, dependsOn=[{"type": "SEQUENTIAL"}])
    world.settle(10)
    assert world.summary(id) == {"SUCCEEDED": 3, "FAILED": 597}
    assert world.job(f"{id}:599")["statusReason"] == DEPENDENCY_FAILED
    assert world.status(id) == "FAILED"


def test_both_kinds_together(world: BatchWorld) -> None:
    """After a single job, child by child of another array, and in order."""
    gate = world.submit(timeout={"attemptDurationSeconds": 3600})
    world.compute.duration = lambda s: 5.0 if s["timeout_s"] else 0.01
    a = world.submit(arrayProperties={"size": 10})
    b = world.submit(
        arrayProperties={"size": 10},
        dependsOn=[{"jobId": gate}, {"jobId": a, "type": "N_TO_N"}, {"type": "SEQUENTIAL"}],
    )
    world.settle(3)
    assert world.summary(a) == {"SUCCEEDED": 10}
    assert world.summary(b) == {"PENDING": 10}
    world.settle(10)
    assert world.summary(b) == {"SUCCEEDED": 10}
    started = [s["variables"]["AWS_BATCH_JOB_ID"] for s in world.compute.started]
    assert [i for i in started if i.startswith(b)] == [f"{b}:{n}" for n in range(10)]


def test_what_is_refused(world: BatchWorld) -> None:
    single, four = world.submit(), world.submit(arrayProperties={"size": 4})
    nobody = "00000000-0000-0000-0000-000000000000"
    for depends, message in (
        ([{"jobId": nobody}], "does not exist"),
        ([{"jobId": single}] * 21, "at most 20"),
        ([{"jobId": single, "type": "N_TO_N"}], "same size"),
        ([{"type": "SEQUENTIAL"}], "needs an array"),
        ([{"type": "N_TO_N"}], "must specify a jobId"),
        ([{"jobId": f"{four}:1"}], "child job"),
    ):
        with pytest.raises(ServiceError, match=message) as refusal:
            world.submit(dependsOn=depends)
        assert refusal.value.code == "ClientException"
    with pytest.raises(ServiceError, match="same size"):
        world.submit(arrayProperties={"size": 5}, dependsOn=[{"jobId": four, "type": "N_TO_N"}])
