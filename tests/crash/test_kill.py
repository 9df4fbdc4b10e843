"""kill -9 of server and agent at random moments while files go through the fan-out.

`make test` runs it short, `make soak` long. The seed of the moments is printed on failure.
"""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.server import Server, eventually

STARTER = """
import boto3, os
sns = boto3.client("sns")
def handler(event, context):
    for record in event["Records"]:
        sns.publish(TopicArn=os.environ["TOPIC"], Message=record["s3"]["object"]["key"])
"""
WORKER = """
import boto3
s3 = boto3.client("s3")
def handler(event, context):
    key = event["Records"][0]["Sns"]["Message"]
    data = s3.get_object(Bucket="files", Key=key)["Body"].read()
    out = "out/" + context.function_name + "/" + key.split("/", 1)[1]
    s3.put_object(Bucket="files", Key=out, Body=data)
"""
WORKERS = ("480p", "720p", "1080p", "thumbnail")
PATIENT = {"AWS_MAX_ATTEMPTS": "12", "AWS_RETRY_MODE": "standard"}


def set_up(server: Server) -> None:
    s3, sns, functions = (server.client(name) for name in ("s3", "sns", "lambda"))
    s3.create_bucket(Bucket="files")
    topic = sns.create_topic(Name="arrived")["TopicArn"]
    for name in WORKERS:
        arn = server.function(name, WORKER, Environment={"Variables": PATIENT})
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
        permit(functions, name, "sns")
    starter = server.function(
        "starter", STARTER, Environment={"Variables": PATIENT | {"TOPIC": topic}}
    )
    permit(functions, "starter", "s3")
    rule = {
        "LambdaFunctionArn": starter,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
    }
    s3.put_bucket_notification_configuration(
        Bucket="files", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )


def permit(functions: Any, name: str, service: str) -> None:
    functions.add_permission(
        FunctionName=name,
        StatementId="source",
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
    )


def put_one(server: Server, number: int, pause_s: float) -> str:
    """Tries until the put is acknowledged, as any client does."""
    time.sleep(pause_s)  # the files come in while the killing goes on
    s3 = server.client("s3")
    key = f"in/{number:04d}"
    until = time.monotonic() + 240
    while time.monotonic() < until:
        try:
            s3.put_object(Bucket="files", Key=key, Body=key.encode() * 100)
            return key
        except (BotoCoreError, ClientError):
            time.sleep(0.02)
    raise AssertionError("no server took it")


def keys(server: Server, prefix: str) -> set[str]:
    pages = server.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket="files", Prefix=prefix)
    return {item["Key"] for page in found for item in page.get("Contents", ())}


def kill_again_and_again(server: Server, chance: random.Random, times: int) -> None:
    """Server, agent or both, at random moments; each kind at least once."""
    every = ("server", "agent", "both")
    kinds = [*every, *chance.choices(every, k=times - 3)]
    for kind in kinds:
        time.sleep(chance.uniform(0.05, 1.2))
        if kind != "server":
            server.kill_agent()
        if kind != "agent":
            server.kill()
            server.start()


def test_no_file_is_lost_when_server_and_agent_are_killed(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    soak = request.config.getoption("--soak")
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    files, kills = (4_000, 200) if soak else (200, 8)
    chance = random.Random(seed)
    with Server(tmp_path / "data") as server:
        set_up(server)
        with ThreadPoolExecutor(9) as threads:
            killing = threads.submit(kill_again_and_again, server, chance, kills)
            pauses = [chance.uniform(0, 0.8) for _ in range(files)]
            put = list(threads.map(lambda n: put_one(server, n, pauses[n]), range(files)))
            killing.result()
        expected = {f"out/{name}/{key[3:]}" for key in put for name in WORKERS}
        eventually(lambda: expected <= keys(server, "out/"), patience_s=900 if soak else 240)
        assert set(put) <= keys(server, "in/")
        s3 = server.client("s3")
        for key in put[:: max(1, files // 50)]:
            assert s3.get_object(Bucket="files", Key=key)["Body"].read() == key.encode() * 100
