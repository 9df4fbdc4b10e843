"""ListJobs and GetJobQueueSnapshot: which jobs, how many, in which order."""

from __future__ import annotations

from typing import Any

from tests.services.batch.support import BatchWorld


def fair(world: BatchWorld, *weights: tuple[str, float]) -> None:
    """The queue `fq` with shares."""
    shares = [{"shareIdentifier": s, "weightFactor": w} for s, w in weights]
    arn = world.batch(
        "CreateSchedulingPolicy", name="p", fairsharePolicy={"shareDistribution": shares}
    )["arn"]
    world.queue("fq", "ce", schedulingPolicyArn=arn)


def ids(answer: dict[str, Any]) -> list[str]:
    return [job["jobId"] for job in answer["jobSummaryList"]]


def test_pages_of_jobs(world: BatchWorld) -> None:
    """A thousand; a hundred where a filter is used."""
    world.batch("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    every = [world.submit() for _ in range(120)]
    answer = world.batch("ListJobs", jobQueue="q", jobStatus="RUNNABLE")
    assert ids(answer) == every and "nextToken" not in answer
    named = [{"name": "JOB_NAME", "values": ["j"]}]
    answer = world.batch("ListJobs", jobQueue="q", filters=named)
    assert ids(answer) == every[:19:-1] and answer["nextToken"]
    array = world.submit(arrayProperties={"size": 1200})
    answer = world.batch("ListJobs", arrayJobId=array, jobStatus="RUNNABLE")
    assert len(ids(answer)) == 1000 and answer["nextToken"]
    unfiltered = world.batch("ListJobs", arrayJobId=array, jobStatus="RUNNABLE", filters=named)
    assert unfiltered == answer


def test_a_share_and_a_status_count_together(world: BatchWorld) -> None:
    fair(world)
    done = world.submit(queue="fq", shareIdentifier="a")
    world.settle(1)
    world.batch("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    waits = world.submit(queue="fq", shareIdentifier="a")
    world.submit(queue="fq", shareIdentifier="b")
    share = [{"name": "SHARE_IDENTIFIER", "values": ["a"]}]
    assert ids(world.batch("ListJobs", jobQueue="fq", filters=share)) == [waits, done]
    runnable = world.batch("ListJobs", jobQueue="fq", filters=share, jobStatus="RUNNABLE")
    assert ids(runnable) == [waits]
    other = [{"name": "JOB_NAME", "values": ["j"]}]
    named = world.batch("ListJobs", jobQueue="fq", filters=other, jobStatus="RUNNABLE")
    assert len(ids(named)) == 3


def test_summaries_say_what_was_asked_to_stop(world: BatchWorld) -> None:
    """Only where it is true."""
    world.batch("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    left, cancelled, terminated = (world.submit() for _ in range(3))
    world.batch("CancelJob", jobId=cancelled, reason="r")
    world.batch("TerminateJob", jobId=terminated, reason="r")
    named = [{"name": "JOB_NAME", "values": ["j"]}]
    listed = world.batch("ListJobs", jobQueue="q", filters=named)["jobSummaryList"]
    said = {job["jobId"]: {"isCancelled", "isTerminated"} & job.keys() for job in listed}
    assert said == {left: set(), cancelled: {"isCancelled"}, terminated: {"isTerminated"}}


def front(world: BatchWorld, queue: str) -> list[str]:
    shot = world.batch("GetJobQueueSnapshot", jobQueue=queue)
    return [job["jobArn"].rpartition("/")[2] for job in shot["frontOfQueue"]["jobs"]]


def test_the_front_of_a_queue_without_shares_is_in_order(world: BatchWorld) -> None:
    world.batch("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    every = [world.submit() for _ in range(110)]
    assert front(world, "q") == every[:100]


def test_the_front_of_a_fair_queue_goes_by_what_shares_use(world: BatchWorld) -> None:
    fair(world, ("b", 0.5))
    world.batch("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")

    def submit(share: str, **p: Any) -> str:
        return world.submit(queue="fq", shareIdentifier=share, **p)

    a1, a2, a3 = (submit("a") for _ in range(3))
    b1, b2, b3 = (submit("b") for _ in range(3))
    urgent = submit("a", schedulingPriorityOverride=9)
    # Of b each vCPU counts half.
    assert front(world, "fq") == [urgent, b1, b2, a1, b3, a2, a3]


def test_the_front_begins_with_who_uses_least_now(world: BatchWorld) -> None:
    fair(world)
    world.compute.duration = lambda _spec: 100.0
    world.submit(queue="fq", shareIdentifier="a", arrayProperties={"size": 4})
    world.settle(1)
    world.batch("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    a = world.submit(queue="fq", shareIdentifier="a")
    b = world.submit(queue="fq", shareIdentifier="b", arrayProperties={"size": 9})
    late = world.submit(queue="fq", shareIdentifier="b")
    assert front(world, "fq") == [b, a, late]  # nine of b, and then a uses less
