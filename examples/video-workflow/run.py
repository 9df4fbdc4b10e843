"""Create the video workflow through boto3, start it for one video and wait for its end.

    python run.py VIDEO [--name NAME]

Run again it updates what is there. Where Owari is: AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3

try:
    import imageio_ffmpeg
except ImportError:  # ffmpeg may be on the PATH
    imageio_ffmpeg = None

HERE = Path(__file__).parent
NAME = "video-workflow"
FUNCTIONS = {"probe": 512, "encode": 1769, "still": 512, "announce": 128}  # memory in MiB
TRUSTED = ("lambda.amazonaws.com", "states.amazonaws.com")


def client(service: str) -> Any:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    if "AWS_ACCESS_KEY_ID" in os.environ or "AWS_PROFILE" in os.environ:
        return boto3.client(service, region_name=region)
    return boto3.client(
        service, region_name=region, aws_access_key_id="test", aws_secret_access_key="test"
    )


def find_ffmpeg() -> str:
    """On the PATH, else the one of the imageio-ffmpeg wheel."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    if imageio_ffmpeg is None:
        sys.exit("ffmpeg is missing: install it, or pip install imageio-ffmpeg")
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def role() -> str:
    iam = client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": TRUSTED}, "Action": "sts:AssumeRole"}
        ],
    }
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(trust))
    return str(iam.get_role(RoleName=NAME)["Role"]["Arn"])


def packed(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(HERE / "functions" / f"{source}.py", f"{source}.py")
    return buffer.getvalue()


def function(source: str, memory_mib: int, role_arn: str) -> str:
    functions, name = client("lambda"), f"workflow-{source}"
    try:
        made = functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role_arn,
            Handler=f"{source}.handler",
            Code={"ZipFile": packed(source)},
            Timeout=900,
            MemorySize=memory_mib,
            EphemeralStorage={"Size": 10_240},
            Environment={"Variables": {"FFMPEG": find_ffmpeg()}},
        )
    except functions.exceptions.ResourceConflictException:
        made = functions.update_function_code(FunctionName=name, ZipFile=packed(source))
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    return str(made["FunctionArn"])


def topic(listener: str) -> str:
    """The topic, and the function that listens to it."""
    sns, functions = client("sns"), client("lambda")
    arn = str(sns.create_topic(Name=NAME)["TopicArn"])
    with contextlib.suppress(functions.exceptions.ResourceConflictException):
        functions.add_permission(
            FunctionName=listener,
            StatementId="topic",
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=arn,
        )
    sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=listener)
    return arn


def machine(role_arn: str) -> str:
    states, definition = client("stepfunctions"), (HERE / "workflow.asl.json").read_text()
    account = role_arn.split(":")[4]
    arn = f"arn:aws:states:{states.meta.region_name}:{account}:stateMachine:{NAME}"
    try:
        states.update_state_machine(stateMachineArn=arn, definition=definition, roleArn=role_arn)
    except states.exceptions.StateMachineDoesNotExist:
        states.create_state_machine(name=NAME, definition=definition, roleArn=role_arn)
    return arn


def bucket(account: str) -> str:
    name = f"{NAME}-{account}"
    client("s3").create_bucket(Bucket=name)
    return name


def main() -> int:
    parser = argparse.ArgumentParser(description="The video pipeline as a state machine.")
    parser.add_argument("video", type=Path)
    parser.add_argument("--name", help="the execution's name")
    args = parser.parse_args()
    role_arn = role()
    arns = {source: function(source, memory, role_arn) for source, memory in FUNCTIONS.items()}
    where = bucket(role_arn.split(":")[4])
    task = {
        "bucket": where,
        "key": f"incoming/{args.video.name}",
        "topic": topic(arns["announce"]),
    }
    client("s3").upload_file(str(args.video), where, task["key"])
    states = client("stepfunctions")
    asked = {"name": args.name} if args.name else {}
    arn = states.start_execution(
        stateMachineArn=machine(role_arn), input=json.dumps(task), **asked
    )["executionArn"]
    short = arn.split(":", 6)[-1]
    print(f"started {arn}\nlook at it: owari graph {short} -o graph.svg", file=sys.stderr)
    while (ended := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.2)
    if ended["status"] != "SUCCEEDED":
        print(f"{ended['status']}: {ended.get('error')}: {ended.get('cause')}", file=sys.stderr)
        return 1
    print(json.dumps(json.loads(ended["output"]), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
