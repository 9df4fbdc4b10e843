"""Create bucket, function, queue and job definition through boto3.

python run.py
aws s3 cp some.txt s3://texts/in/
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import boto3

HERE = Path(__file__).parent
NAME = "count-words"
BUCKET = "texts"


def client(service: str) -> Any:
    """Where AWS_ENDPOINT_URL says; Owari takes any key."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    if "AWS_ACCESS_KEY_ID" in os.environ or "AWS_PROFILE" in os.environ:
        return boto3.client(service, region_name=region)
    return boto3.client(
        service, region_name=region, aws_access_key_id="test", aws_secret_access_key="test"
    )


def role() -> str:
    iam = client("iam")
    trusted = ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]
    allow = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=policy)
    return str(iam.get_role(RoleName=NAME)["Role"]["Arn"])


def jobs(role_arn: str) -> str:
    """Compute environment and queue, once; the newest job definition's ARN."""
    batch = client("batch")
    if not batch.describe_job_queues(jobQueues=[NAME])["jobQueues"]:
        batch.create_compute_environment(
            computeEnvironmentName=NAME,
            type="MANAGED",
            computeResources={
                "type": "EC2", "minvCpus": 0, "maxvCpus": 64, "instanceTypes": ["optimal"],
                "subnets": ["subnet-0"], "securityGroupIds": ["sg-0"], "instanceRole": role_arn,
            },
        )  # fmt: skip
        order = [{"order": 1, "computeEnvironment": NAME}]
        batch.create_job_queue(jobQueueName=NAME, priority=1, computeEnvironmentOrder=order)
    made = batch.register_job_definition(
        jobDefinitionName=NAME,
        type="container",
        retryStrategy={"attempts": 3},
        containerProperties={
            "image": "host",  # this machine's own software: no container
            "command": [sys.executable, str(HERE / "count.py"), "Ref::bucket", "Ref::key"],
            "jobRoleArn": role_arn,
            "resourceRequirements": [
                {"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"},
            ],
        },
    )  # fmt: skip
    return str(made["jobDefinitionArn"])


def function(role_arn: str, definition: str) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(HERE / "starter.py", "starter.py")
    functions = client("lambda")
    variables = {"Variables": {"QUEUE": NAME, "DEFINITION": definition}}
    try:
        made = functions.create_function(
            FunctionName=NAME, Runtime="python3.12", Role=role_arn, Handler="starter.handler",
            Code={"ZipFile": buffer.getvalue()}, Timeout=30, Environment=variables,
        )  # fmt: skip
    except functions.exceptions.ResourceConflictException:
        functions.update_function_code(FunctionName=NAME, ZipFile=buffer.getvalue())
        functions.get_waiter("function_updated_v2").wait(FunctionName=NAME)
        made = functions.update_function_configuration(FunctionName=NAME, Environment=variables)
    functions.get_waiter("function_active_v2").wait(FunctionName=NAME)
    with contextlib.suppress(functions.exceptions.ResourceConflictException):
        functions.add_permission(
            FunctionName=NAME, StatementId="files", Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{BUCKET}",
        )  # fmt: skip
    return str(made["FunctionArn"])


def bucket(function_arn: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    rule = {
        "LambdaFunctionArn": function_arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
    }
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )


def main() -> int:
    role_arn = role()
    bucket(function(role_arn, jobs(role_arn)))
    print(f"put a text under s3://{BUCKET}/in/ and look under s3://{BUCKET}/out/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
