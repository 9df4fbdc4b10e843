"""The demo's bucket, topic and five functions, made through boto3 as on AWS."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Client = Callable[[str], Any]

ACCOUNT = "000000000000"
BUCKET = "owari-demo-videos"
TOPIC = "video-arrived"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/owari-demo"
RUNTIME = "python3.12"
SOURCES = Path(__file__).parent / "functions"


@dataclass(frozen=True, slots=True)
class Worker:
    """A function that the topic feeds, and the file it makes. `height` None: the still."""

    function: str
    source: str
    output: str
    height: int | None
    memory_mib: int


WORKERS = (
    Worker("video-480p", "transcode", "480p.mp4", 480, 1_769),
    Worker("video-720p", "transcode", "720p.mp4", 720, 1_769),
    Worker("video-1080p", "transcode", "1080p.mp4", 1080, 1_769),
    Worker("video-thumbnail", "thumbnail", "thumbnail.jpg", None, 1_024),
)
STARTER = "video-starter"


def packed(source: str) -> bytes:
    """A deployment package: the handler's file in a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(SOURCES / f"{source}.py", f"{source}.py")
    return buffer.getvalue()


def create(client: Client, ffmpeg: str) -> None:
    """Bucket → starter → topic → four workers."""
    client("iam").create_role(
        RoleName="owari-demo", AssumeRolePolicyDocument=json.dumps(_TRUST), Description="demo"
    )
    client("s3").create_bucket(Bucket=BUCKET)
    topic = client("sns").create_topic(Name=TOPIC)["TopicArn"]
    for worker in WORKERS:
        variables = {"FFMPEG": ffmpeg}
        if worker.height is not None:
            variables["HEIGHT"] = str(worker.height)
        arn = _function(client, worker.function, worker.source, variables, worker.memory_mib)
        _subscribe(client, topic, worker.function, arn)
    starter = _function(client, STARTER, "starter", {"TOPIC_ARN": topic}, 256)
    _notify(client, starter)


_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def _function(
    client: Client, name: str, source: str, variables: dict[str, str], memory_mib: int
) -> str:
    made = client("lambda").create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Role=ROLE,
        Handler=f"{source}.handler",
        Code={"ZipFile": packed(source)},
        Timeout=900,
        MemorySize=memory_mib,
        EphemeralStorage={"Size": 10_240},
        Environment={"Variables": variables},
    )
    # A mistake should be seen at once, not after the usual retries of 1 and 2 minutes.
    client("lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    return str(made["FunctionArn"])


def _subscribe(client: Client, topic: str, name: str, function_arn: str) -> None:
    client("lambda").add_permission(
        FunctionName=name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function_arn)


def _notify(client: Client, starter_arn: str) -> None:
    client("lambda").add_permission(
        FunctionName=STARTER,
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{BUCKET}",
        SourceAccount=ACCOUNT,
    )
    rule = {"FilterRules": [{"Name": "prefix", "Value": "incoming/"}]}
    client("s3").put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {
                    "LambdaFunctionArn": starter_arn,
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": rule},
                }
            ]
        },
    )
