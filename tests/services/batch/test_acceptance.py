"""Batch over the wire with boto3, and real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("batch") / "data") as made:
        batch = made.client("batch")
        batch.create_compute_environment(
            computeEnvironmentName="ce",
            type="MANAGED",
            computeResources={
                "type": "EC2",
                "maxvCpus": 64,
                "instanceTypes": ["optimal"],
                "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"],
                "instanceRole": "ecsInstanceRole",
            },
        )
        batch.create_job_queue(
            jobQueueName="q",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "ce"}],
        )
        yield made


def define(server: Server, *command: str, folder: Path | None = None, **more: Any) -> str:
    """`folder`: mounted at /shared, for a job has a /tmp of its own."""
    volumes = [{"name": "shared", "host": {"sourcePath": str(folder)}}] if folder else []
    mounts = [{"sourceVolume": "shared", "containerPath": "/shared"}] if folder else []
    made = server.client("batch").register_job_definition(
        jobDefinitionName="d",
        type="container",
        containerProperties={
            "image": "busybox",
            "command": list(command),
            "volumes": volumes,
            "mountPoints": mounts,
            "resourceRequirements": [
                {"type": "VCPU", "value": "1"},
                {"type": "MEMORY", "value": "128"},
            ],
        },
        **more,
    )
    return str(made["jobDefinitionArn"])


def ended(server: Server, id: str) -> dict[str, Any]:
    batch = server.client("batch")

    def look() -> dict[str, Any] | None:
        (job,) = batch.describe_jobs(jobs=[id])["jobs"]
        return job if job["status"] in ("SUCCEEDED", "FAILED") else None

    found: dict[str, Any] = eventually(look)
    return found


def test_an_array_really_runs(server: Server, tmp_path: Path) -> None:
    script = 'echo "index $AWS_BATCH_JOB_ARRAY_INDEX"; echo "$AWS_BATCH_JOB_ID" >> /shared/ran'
    arn = define(server, "sh", "-c", script, folder=tmp_path)
    batch = server.client("batch")
    job = batch.submit_job(
        jobName="array", jobQueue="q", jobDefinition=arn, arrayProperties={"size": 20}
    )
    detail = ended(server, job["jobId"])
    (child,) = batch.describe_jobs(jobs=[f"{job['jobId']}:7"])["jobs"]
    assert detail["status"] == "SUCCEEDED", child
    assert detail["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 20
    ran = (tmp_path / "ran").read_text().split()
    assert sorted(ran) == sorted(f"{job['jobId']}:{n}" for n in range(20))
    assert lines(server, child) == ["index 7"]


def lines(server: Server, job: dict[str, Any]) -> list[str]:
    """What it printed, read at once: its end is told after its log."""
    stream = job["container"]["logStreamName"]
    found = server.client("logs").get_log_events(
        logGroupName="/aws/batch/job", logStreamName=stream
    )
    return [event["message"] for event in found["events"]]


def test_a_failing_command_is_retried_and_fails(server: Server) -> None:
    arn = define(server, "sh", "-c", "exit 3", retryStrategy={"attempts": 2})
    job = server.client("batch").submit_job(jobName="f", jobQueue="q", jobDefinition=arn)
    detail = ended(server, job["jobId"])
    assert (detail["status"], detail["container"]["exitCode"]) == ("FAILED", 3)
    assert len(detail["attempts"]) == 2
    assert lines(server, detail) == []


def test_terminate_kills_the_process(server: Server) -> None:
    arn = define(server, "sleep", "600")
    batch = server.client("batch")
    job = batch.submit_job(jobName="t", jobQueue="q", jobDefinition=arn)

    def runs() -> bool:
        return bool(batch.describe_jobs(jobs=[job["jobId"]])["jobs"][0]["status"] == "RUNNING")

    eventually(runs)
    batch.terminate_job(jobId=job["jobId"], reason="enough")
    detail = ended(server, job["jobId"])
    assert (detail["status"], detail["statusReason"]) == ("FAILED", "enough")


def test_an_image_that_is_not_there_says_what_to_do(server: Server) -> None:
    arn = define(server, "true")
    batch = server.client("batch")
    made = batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"][0]
    container = made["containerProperties"] | {"image": "nobody/nothing:1"}
    arn = batch.register_job_definition(
        jobDefinitionName="n", type="container", containerProperties=container
    )["jobDefinitionArn"]
    job = batch.submit_job(jobName="n", jobQueue="q", jobDefinition=arn)
    detail = ended(server, job["jobId"])
    assert detail["statusReason"] == "Task failed to start"
    assert detail["container"]["reason"].startswith("CannotPullContainerError")


def test_errors_are_aws_s(server: Server) -> None:
    batch = server.client("batch")
    with pytest.raises(ClientError, match="JobQueue nowhere not found") as refusal:
        batch.submit_job(jobName="j", jobQueue="nowhere", jobDefinition="d")
    assert refusal.value.response["Error"]["Code"] == "ClientException"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(batch.exceptions.ClientException):
        batch.describe_jobs(jobs=["x"] * 101)


def test_no_tags_may_be_said_as_an_empty_map(server: Server) -> None:
    """The model asks for one; Snakemake's executor says `{}`, and AWS takes it."""
    arn = define(server, "true", tags={})
    batch = server.client("batch")
    job = batch.submit_job(jobName="t", jobQueue="q", jobDefinition=arn, tags={})
    assert ended(server, job["jobId"])["status"] == "SUCCEEDED"
