"""The life of single jobs: states, attempts, retries, timeouts, losses."""

from __future__ import annotations

from typing import Any

import pytest

from owari.compute.base import Spec
from owari.compute.fake import SystemFailure
from owari.errors import ServiceError
from tests.services.batch.support import BatchWorld


def test_a_job_passes_through_its_states(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 10.0
    id = world.submit()
    assert world.status(id) == "RUNNABLE"
    world.settle(1)
    assert world.status(id) == "STARTING"
    world.started(world.compute.started[0])
    detail = world.job(id)
    assert detail["status"] == "RUNNING"
    assert detail["startedAt"] == round(world.clock.now() * 1000)
    world.settle(20)
    detail = world.job(id)
    assert detail["status"] == "SUCCEEDED"
    assert detail["statusReason"] == "Essential container in task exited"
    assert detail["container"]["exitCode"] == 0
    (attempt,) = detail["attempts"]
    assert attempt["container"]["exitCode"] == 0
    assert attempt["container"]["logStreamName"].startswith("d/default/")
    assert attempt["startedAt"] <= attempt["stoppedAt"] == detail["stoppedAt"]


def test_what_the_process_is_given(world: BatchWorld) -> None:
    world.define(
        "e",
        container={
            "command": ["echo", "Ref::what", "Ref::other", "x=Ref::what"],
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "jobRoleArn": "arn:aws:iam::000000000000:role/r",
            "volumes": [
                {"name": "v", "host": {"sourcePath": "/data"}},
                {"name": "e", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
            ],
            "mountPoints": [
                {"sourceVolume": "v", "containerPath": "/in", "readOnly": True},
                {"sourceVolume": "e", "containerPath": "/efs"},
            ],
            "linuxParameters": {
                "sharedMemorySize": 64,
                "tmpfs": [{"containerPath": "/t", "size": 9}],
            },
            "user": "nobody",
            "ulimits": [{"name": "nofile", "softLimit": 77, "hardLimit": 99}],
            "readonlyRootFilesystem": True,
        },
        parameters={"what": "default"},
    )
    id = world.submit(
        definition="e",
        parameters={"what": "given"},
        containerOverrides={
            "environment": [{"name": "B", "value": "3"}],
            "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "GPU", "value": "0"}],
        },
        timeout={"attemptDurationSeconds": 60},
    )
    world.settle(5)
    (spec,) = world.compute.started
    assert spec["kind"] == "process"
    assert spec["command"] == ["echo", "given", "Ref::other", "x=given"]
    assert (spec["vcpus"], spec["memory_mib"], spec["gpus"], spec["timeout_s"]) == (
        2.0,
        512,
        0,
        60.0,
    )
    assert spec["mounts"] == [
        {"source": "/data", "target": "/in", "read_only": True},
        {"source": None, "target": "/efs", "read_only": False, "shared": "fs-1/"},
    ]
    assert (spec["tmpfs_mib"], spec["shm_mib"], spec["user"]) == ({"/t": 9}, 64, "nobody")
    assert (spec["ulimits"], spec["read_only_root"]) == ([["nofile", 77, 99]], True)
    assert spec["role_arn"] == "arn:aws:iam::000000000000:role/r"
    assert spec["log_group"] == "/aws/batch/job"
    assert spec["log_stream"] == world.job(id)["container"]["logStreamName"]
    variables = spec["variables"]
    assert (variables["A"], variables["B"]) == ("1", "3")
    assert variables["AWS_BATCH_JOB_ID"] == id
    assert variables["AWS_BATCH_JOB_ATTEMPT"] == "1"
    assert variables["AWS_BATCH_JQ_NAME"] == "q"
    assert variables["AWS_BATCH_CE_NAME"] == "ce"
    assert "AWS_BATCH_JOB_ARRAY_INDEX" not in variables


def exits(*codes: int) -> Any:
    """Attempt by attempt."""

    def process(spec: Spec) -> tuple[int, str]:
        return codes[int(spec["variables"]["AWS_BATCH_JOB_ATTEMPT"]) - 1], ""

    return process


def test_retries_until_it_succeeds(world: BatchWorld) -> None:
    world.compute.process = exits(1, 2, 0)
    id = world.submit(retryStrategy={"attempts": 3})
    world.settle(5)
    detail = world.job(id)
    assert detail["status"] == "SUCCEEDED"
    assert [a["container"]["exitCode"] for a in detail["attempts"]] == [1, 2, 0]
    assert len({a["container"]["logStreamName"] for a in detail["attempts"]}) == 3


def test_retries_are_bounded(world: BatchWorld) -> None:
    world.compute.process = exits(1, 1)
    id = world.submit(retryStrategy={"attempts": 2})
    world.settle(5)
    detail = world.job(id)
    assert (detail["status"], len(detail["attempts"])) == ("FAILED", 2)
    assert detail["statusReason"] == "Essential container in task exited"
    assert detail["container"]["exitCode"] == 1


def test_evaluate_on_exit_decides(world: BatchWorld) -> None:
    world.compute.process = exits(1, 42, 1)
    conditions = [
        {"onExitCode": "4*", "action": "EXIT"},
        {"onReason": "*", "onExitCode": "1", "action": "RETRY"},
    ]
    id = world.submit(retryStrategy={"attempts": 10, "evaluateOnExit": conditions})
    world.settle(5)
    assert [a["container"]["exitCode"] for a in world.job(id)["attempts"]] == [1, 42]


def test_a_timed_out_attempt_is_not_retried(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 1000.0
    id = world.submit(retryStrategy={"attempts": 3}, timeout={"attemptDurationSeconds": 60})
    world.settle(100)
    detail = world.job(id)
    assert detail["status"] == "FAILED"
    assert detail["statusReason"] == "Job attempt duration exceeded timeout"
    assert len(detail["attempts"]) == 1


def test_an_attempt_that_fails_by_itself_leaves_the_next_its_full_time(world: BatchWorld) -> None:
    """Batch user guide, "Job timeouts": the countdown starts over for the new attempt."""
    seconds = {"1": 40.0, "2": 50.0, "3": 70.0}
    world.compute.process = exits(1, 1, 0)
    world.compute.duration = lambda spec: seconds[spec["variables"]["AWS_BATCH_JOB_ATTEMPT"]]
    id = world.submit(retryStrategy={"attempts": 4}, timeout={"attemptDurationSeconds": 60})
    world.settle(89)
    assert len(world.job(id)["attempts"]) == 1
    world.settle(100)
    detail = world.job(id)
    assert detail["statusReason"] == "Job attempt duration exceeded timeout"
    assert [a["container"].get("exitCode") for a in detail["attempts"][:2]] == [1, 1]
    assert len(detail["attempts"]) == 3


def test_a_lost_agent_fails_the_attempt(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 1000.0
    spot = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    once = world.submit()
    again = world.submit(retryStrategy={"attempts": 2, "evaluateOnExit": spot})
    world.settle(1)
    world.lose_agent()
    world.compute.duration = lambda _spec: 1.0
    world.settle(5)
    detail = world.job(once)
    assert detail["status"] == "FAILED"
    assert detail["statusReason"].startswith("Host EC2 (instance i-")
    assert detail["statusReason"].endswith(" terminated.")
    detail = world.job(again)
    assert detail["status"] == "SUCCEEDED"
    assert detail["attempts"][0]["statusReason"].startswith("Host EC2 (instance i-")


def test_a_container_that_can_not_start(world: BatchWorld) -> None:
    def process(_spec: Spec) -> tuple[int, str]:
        raise SystemFailure("failed", "CannotPullContainerError: no such image")

    world.compute.process = process
    id = world.submit()
    world.settle(5)
    detail = world.job(id)
    assert (detail["status"], detail["statusReason"]) == ("FAILED", "Task failed to start")
    assert detail["container"]["reason"] == "CannotPullContainerError: no such image"
    assert "exitCode" not in detail["container"]


def test_memory_is_told_with_its_reason(world: BatchWorld) -> None:
    killed = "OutOfMemoryError: Container killed due to memory usage"
    world.compute.process = lambda _spec: (137, killed)
    id = world.submit()
    world.settle(5)
    detail = world.job(id)
    assert detail["container"]["reason"] == killed
    assert detail["attempts"][0]["container"]["exitCode"] == 137


def test_cancel_takes_back_what_waits_only(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 100.0
    running = [world.submit() for _ in range(4)]
    waiting = world.submit()
    world.settle(1)
    assert world.status(waiting) == "RUNNABLE"
    assert "Waiting for 1 vCPUs" in world.job(waiting)["statusReason"]
    for id in (running[0], waiting):
        world.batch("CancelJob", jobId=id, reason="not wanted")
    detail = world.job(waiting)
    assert (detail["status"], detail["statusReason"]) == ("FAILED", "not wanted")
    assert detail["isCancelled"]
    assert world.status(running[0]) == "STARTING"
    world.settle(200)
    assert {world.status(id) for id in running} == {"SUCCEEDED"}


def test_terminate_stops_what_runs_without_a_retry(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 1000.0
    world.compute.stopping_s = 20.0
    id = world.submit(retryStrategy={"attempts": 5})
    world.settle(1)
    world.batch("TerminateJob", jobId=id, reason="enough")
    world.settle(10)
    assert world.status(id) == "STARTING"  # it has 30 s to end
    world.settle(20)
    detail = world.job(id)
    assert (detail["status"], detail["statusReason"]) == ("FAILED", "enough")
    assert detail["container"]["exitCode"] == 143
    assert len(detail["attempts"]) == 1
    assert detail["isTerminated"]


def test_terminate_is_said_again_after_a_crash(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 10_000.0
    id = world.submit()
    world.settle(1)
    told: list[str] = []
    cancel, world.compute.cancel = world.compute.cancel, lambda run, _why: told.append(run)  # type: ignore[method-assign]
    world.batch("TerminateJob", jobId=id, reason="enough")
    world.compute.cancel = cancel  # type: ignore[method-assign]
    assert told
    world.crash()
    world.settle(60)
    assert world.status(id) == "FAILED"


def test_terminate_before_it_runs(world: BatchWorld) -> None:
    id = world.submit(dependsOn=[{"jobId": world.submit()}])
    world.batch("TerminateJob", jobId=id, reason="enough")
    detail = world.job(id)
    assert (detail["status"], detail["statusReason"]) == ("FAILED", "enough")
    assert "stoppedAt" in detail


def test_unknown_jobs(world: BatchWorld) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    assert world.batch("DescribeJobs", jobs=[nobody, "nonsense"])["jobs"] == []
    for stop in ("CancelJob", "TerminateJob"):
        assert world.batch(stop, jobId=nobody, reason="r") == {}
    id = world.submit()
    answer = world.batch("TerminateJobs", jobs=[nobody, id], reason="r")
    assert answer == {"successful": [nobody, id], "errors": []}
    assert world.status(id) == "FAILED"


def test_what_may_be_asked_of_a_stop(world: BatchWorld) -> None:
    id = world.submit()
    for reason in ("", "x" * 1025):
        with pytest.raises(ServiceError, match="reason"):
            world.batch("CancelJob", jobId=id, reason=reason)
    with pytest.raises(ServiceError, match="jobId"):
        world.batch("TerminateJob", jobId="", reason="r")
    with pytest.raises(ServiceError, match="between 1 and 50"):
        world.batch("CancelJobs", jobs=[id] * 51, reason="r")
    assert world.status(id) == "RUNNABLE"
