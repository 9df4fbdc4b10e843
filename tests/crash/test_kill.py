"""kill -9 of server and agent at random moments while files go through the fan-out.

`make test` runs it short, `make soak` long. The seed of the moments is printed on failure.
"""

from __future__ import annotations

import random
import threading
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


def put_until_acknowledged(server: Server, number: int) -> str:
    s3 = server.client("s3")
    key = f"in/{number:04d}"
    while True:
        try:
            s3.put_object(Bucket="files", Key=key, Body=key.encode() * 100)
            return key
        except (BotoCoreError, ClientError):
            time.sleep(0.02)


def keys(server: Server, prefix: str) -> set[str]:
    pages = server.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket="files", Prefix=prefix)
    return {item["Key"] for page in found for item in page.get("Contents", ())}


def killer(server: Server, chance: random.Random, over: threading.Event, kills: list[str]) -> None:
    while not over.wait(chance.uniform(0.1, 1.5)):
        if chance.random() < 0.3:
            server.kill_agent()
            kills.append("agent")
        else:
            server.kill()
            server.start()
            kills.append("server")


def test_no_file_is_lost_when_server_and_agent_are_killed(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    soak = request.config.getoption("--soak")
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    files = 4_000 if soak else 200
    kills: list[str] = []
    over = threading.Event()
    with Server(tmp_path / "data") as server:
        set_up(server)
        reaper = threading.Thread(target=killer, args=(server, random.Random(seed), over, kills))
        reaper.start()
        try:
            with ThreadPoolExecutor(8) as clients:
                numbers = range(files)
                put = list(clients.map(lambda n: put_until_acknowledged(server, n), numbers))
        finally:
            over.set()
            reaper.join()
        expected = {f"out/{name}/{key[3:]}" for key in put for name in WORKERS}
        eventually(lambda: expected <= keys(server, "out/"), patience_s=240 if not soak else 900)
        assert set(put) <= keys(server, "in/")
        s3 = server.client("s3")
        for key in put[:: max(1, files // 50)]:
            assert s3.get_object(Bucket="files", Key=key)["Body"].read() == key.encode() * 100
    assert {"server", "agent"} <= set(kills), f"only {kills}"
