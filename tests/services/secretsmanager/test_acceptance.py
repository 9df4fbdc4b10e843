"""Parameters and secrets over the wire, in real jobs and tasks, rotated by a real function."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance

ROTATE = """
import json
import boto3

store = boto3.client("secretsmanager")


def handler(event, context):
    id, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        user = json.loads(store.get_secret_value(SecretId=id)["SecretString"])["user"]
        password = store.get_random_password(ExcludePunctuation=True)["RandomPassword"]
        store.put_secret_value(
            SecretId=id, ClientRequestToken=token, VersionStages=["AWSPENDING"],
            SecretString=json.dumps({"user": user, "password": password}),
        )
    elif event["Step"] == "testSecret":
        store.get_secret_value(SecretId=id, VersionId=token, VersionStage="AWSPENDING")
    elif event["Step"] == "finishSecret":
        current = store.get_secret_value(SecretId=id)["VersionId"]
        store.update_secret_version_stage(
            SecretId=id, VersionStage="AWSCURRENT", MoveToVersionId=token,
            RemoveFromVersionId=current,
        )
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("secrets") / "data") as made:
        ssm, secrets = made.client("ssm"), made.client("secretsmanager")
        ssm.put_parameter(Name="/db/password", Value="hunter2", Type="SecureString")
        secrets.create_secret(Name="db", SecretString='{"user": "u", "password": "old"}')
        yield made


def refused(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_boto3(server: Server) -> None:
    ssm, secrets = server.client("ssm"), server.client("secretsmanager")
    found = ssm.get_parameter(Name="/db/password", WithDecryption=True)["Parameter"]
    assert (found["Value"], found["Type"], found["Version"]) == ("hunter2", "SecureString", 1)
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/db", WithDecryption=True)
    assert [p["Value"] for page in pages for p in page["Parameters"]] == ["hunter2"]
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="none")
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId="none")
    assert refused(secrets.get_secret_value, SecretId="none") == (
        "ResourceNotFoundException", "Secrets Manager can't find the specified secret.",
    )  # fmt: skip
    secrets.create_secret(Name="binary", SecretBinary=b"\x00\xff")
    assert secrets.get_secret_value(SecretId="binary")["SecretBinary"] == b"\x00\xff"
    assert refused(ssm.describe_instance_information)[0] == "NotImplemented"
    assert refused(secrets.remove_regions_from_replication, SecretId="db",
                   RemoveReplicaRegions=["eu-west-1"])[0] == "NotImplemented"  # fmt: skip


def test_the_aws_cli(server: Server) -> None:
    aws = str(Path(sys.executable).parent / "aws")
    env = {
        "AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "PATH": "/usr/bin:/bin",
    }  # fmt: skip

    def run(*words: str) -> dict[str, Any]:
        command = [aws, *words, "--output", "json"]
        done = subprocess.run(command, env=env, capture_output=True, timeout=60, check=True)
        found: dict[str, Any] = json.loads(done.stdout or b"{}")
        return found

    run("ssm", "put-parameter", "--name", "cli", "--value", "1", "--type", "String")
    run("ssm", "label-parameter-version", "--name", "cli", "--labels", "live")
    assert run("ssm", "get-parameter", "--name", "cli:live")["Parameter"]["Selector"] == ":live"
    made = run("secretsmanager", "create-secret", "--name", "cli", "--secret-string", "s")
    found = run("secretsmanager", "get-secret-value", "--secret-id", made["ARN"])
    assert found["SecretString"] == "s"
    run("secretsmanager", "delete-secret", "--secret-id", "cli", "--force-delete-without-recovery")
    listed = run("secretsmanager", "list-secrets")["SecretList"]
    assert "cli" not in [one["Name"] for one in listed]


def test_a_job_has_its_secrets(server: Server) -> None:
    batch = server.client("batch")
    _queue(batch)
    arn = server.client("secretsmanager").describe_secret(SecretId="db")["ARN"]
    job = _run(
        batch, 'test "$USER_NAME $PASSWORD" = "u hunter2"',
        USER_NAME=f"{arn}:user::", PASSWORD="/db/password",
    )  # fmt: skip
    assert job["status"] == "SUCCEEDED", job
    job = _run(batch, "true", PASSWORD="/none")
    assert (job["status"], job["statusReason"]) == ("FAILED", "Task failed to start")
    assert job["container"]["reason"].endswith("invalid ssm parameters: /none")
    assert "exitCode" not in job["container"]


def _queue(batch: Any) -> None:
    resources = {
        "type": "EC2", "maxvCpus": 4, "instanceTypes": ["optimal"], "subnets": ["subnet-1"],
        "securityGroupIds": ["sg-1"], "instanceRole": "ecsInstanceRole",
    }  # fmt: skip
    batch.create_compute_environment(
        computeEnvironmentName="ce", type="MANAGED", computeResources=resources
    )
    order = [{"order": 1, "computeEnvironment": "ce"}]
    batch.create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order)


def _run(batch: Any, command: str, **secrets: str) -> dict[str, Any]:
    container = {
        "image": "busybox", "command": ["sh", "-c", command], "vcpus": 1, "memory": 64,
        "secrets": [{"name": name, "valueFrom": source} for name, source in secrets.items()],
    }  # fmt: skip
    batch.register_job_definition(
        jobDefinitionName="d", type="container", containerProperties=container
    )
    id = batch.submit_job(jobName="j", jobQueue="q", jobDefinition="d")["jobId"]

    def end() -> dict[str, Any] | None:
        (job,) = batch.describe_jobs(jobs=[id])["jobs"]
        return dict(job) if job["status"] in ("SUCCEEDED", "FAILED") else None

    found: dict[str, Any] = eventually(end)
    return found


def test_a_task_has_its_secrets(server: Server) -> None:
    ecs = server.client("ecs")
    ecs.create_cluster()
    arn = server.client("secretsmanager").describe_secret(SecretId="db")["ARN"]

    def run(command: str, source: str) -> dict[str, Any]:
        container = {
            "name": "app", "image": "busybox", "memory": 64, "command": ["sh", "-c", command],
            "secrets": [{"name": "SECRET", "valueFrom": source}],
        }  # fmt: skip
        ecs.register_task_definition(family="f", containerDefinitions=[container])
        task = ecs.run_task(taskDefinition="f")["tasks"][0]["taskArn"]

        def end() -> dict[str, Any] | None:
            (found,) = ecs.describe_tasks(tasks=[task])["tasks"]
            return dict(found) if found["lastStatus"] == "STOPPED" else None

        stopped: dict[str, Any] = eventually(end)
        return stopped

    for source, value in ((f"{arn}:user::", "u"), ("/db/password", "hunter2")):
        done = run(f'test "$SECRET" = {value}', source)
        assert done["containers"][0].get("exitCode") == 0, done
    failed = run("true", f"{arn}:none::")
    assert failed["stopCode"] == "TaskFailedToStart"
    assert failed["stoppedReason"].endswith(
        "retrieved secret from Secrets Manager did not contain json key none"
    )


def test_a_real_function_rotates_and_survives_a_kill(server: Server) -> None:
    secrets = server.client("secretsmanager")
    function = server.function("rotate", ROTATE)
    server.client("lambda").add_permission(
        FunctionName="rotate", StatementId="s", Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
    )  # fmt: skip
    secrets.create_secret(Name="turned", SecretString='{"user": "u", "password": "old"}')
    made = secrets.rotate_secret(
        SecretId="turned", RotationLambdaARN=function,
        RotationRules={"ScheduleExpression": "rate(10 days)", "Duration": "4h"},
    )  # fmt: skip
    server.kill()
    server.start()

    def rotated() -> bool:
        described = secrets.describe_secret(SecretId="turned")
        return "LastRotatedDate" in described and "NextRotationDate" in described

    eventually(rotated, 60)
    found = secrets.get_secret_value(SecretId="turned")
    assert found["VersionId"] == made["VersionId"]
    password = json.loads(found["SecretString"])["password"]
    assert len(password) == 32 and password.isalnum()
    before = secrets.get_secret_value(SecretId="turned", VersionStage="AWSPREVIOUS")
    assert json.loads(before["SecretString"])["password"] == "old"
