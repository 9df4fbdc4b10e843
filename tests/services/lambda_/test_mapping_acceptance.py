"""A queue and a function on a real server, through boto3; the server and its agent are killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance

WRITES = """
import boto3, os, time
s3 = boto3.client("s3")
def handler(event, context):
    for record in event["Records"]:
        time.sleep(0.01)
        s3.put_object(Bucket="done", Key=record["body"], Body=b"")
"""


def queue(server: Server, name: str, **attributes: str) -> tuple[str, str]:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def is_empty(server: Server, url: str) -> bool:
    found = server.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    counts = [v for k, v in found["Attributes"].items() if k.startswith("ApproximateNumber")]
    return counts == ["0"] * 3


def done(server: Server) -> set[str]:
    pages = server.client("s3").get_paginator("list_objects_v2").paginate(Bucket="done")
    return {found["Key"] for page in pages for found in page.get("Contents", [])}


@pytest.mark.parametrize("victim", ["server", "agent"])
def test_every_message_is_worked_on_though_they_are_killed(tmp_path: Path, victim: str) -> None:
    with Server(tmp_path / "data") as server:
        server.client("s3").create_bucket(Bucket="done")
        url, arn = queue(server, "work", VisibilityTimeout="5")
        server.function("worker", WRITES, Timeout=5)
        made = server.client("lambda").create_event_source_mapping(
            FunctionName="worker", EventSourceArn=arn, BatchSize=5
        )
        assert made["State"] == "Creating"
        sqs = server.client("sqs")
        for at in range(0, 200, 10):
            entries = [{"Id": str(n), "MessageBody": f"m{at + n}"} for n in range(10)]
            sqs.send_message_batch(QueueUrl=url, Entries=entries)
        eventually(lambda: len(done(server)) > 20)
        if victim == "server":
            server.kill()
            server.start()
        else:
            server.kill_agent()
        eventually(
            lambda: is_empty(server, url), 120
        )  # it takes 2 s on a machine with nothing else
        assert done(server) == {f"m{n}" for n in range(200)}


def test_the_life_of_a_mapping_as_clients_see_it(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        aws: Any = server.client("lambda")
        url, arn = queue(server, "work.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        server.function("worker", "def handler(event, context): print(event)", Timeout=3)
        made = aws.create_event_source_mapping(
            FunctionName="worker",
            EventSourceArn=arn,
            ScalingConfig={"MaximumConcurrency": 2},
            FunctionResponseTypes=["ReportBatchItemFailures"],
            Tags={"team": "batch"},
        )
        uuid = made["UUID"]
        eventually(lambda: aws.get_event_source_mapping(UUID=uuid)["State"] == "Enabled")
        for n in range(30):
            server.client("sqs").send_message(
                QueueUrl=url, MessageBody=f"message {n}", MessageGroupId=f"g{n % 3}"
            )
        eventually(lambda: is_empty(server, url))
        aws.update_event_source_mapping(UUID=uuid, Enabled=False, BatchSize=3)
        eventually(lambda: aws.get_event_source_mapping(UUID=uuid)["State"] == "Disabled")
        assert aws.list_tags(Resource=made["EventSourceMappingArn"])["Tags"] == {"team": "batch"}
        assert aws.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
        asked = {"FunctionName": "worker"}
        eventually(lambda: not aws.list_event_source_mappings(**asked)["EventSourceMappings"])
