"""The tree that `owari trace` draws, and the command on a real server."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from owari.cli.trace_tree import lines
from tests.support.server import OWARI, Server, eventually

START = datetime(2026, 11, 29, tzinfo=UTC)

NOTIFIED = """
import boto3
def handler(event, context):
    for record in event["Records"]:
        boto3.client("s3").put_object(Bucket="files", Key="out/a", Body=b"x")
"""


def span(id: str, parent: str, name: str, at_ms: int, **more: Any) -> dict[str, Any]:
    moment = START + timedelta(milliseconds=at_ms)
    return {
        "SpanId": id, "ParentId": parent, "Id": id, "Attempt": 1, "Kind": "call", "Name": name,
        "Status": "ok", "EmittedAt": moment, "BeganAt": moment,
        "EndedAt": moment + timedelta(milliseconds=5), "Principal": "p",
    } | more  # fmt: skip


def drawn(*spans: dict[str, Any]) -> list[str]:
    return [line.rstrip() for line in lines({"TraceId": "1-2-3", "Spans": list(spans)})][1:]


def test_branches() -> None:
    assert drawn(
        span("a", "outside", "s3:PutObject", 0, Kind="request", Subject="s3://b/k"),
        span("b", "a", "sns:Publish", 1, Subject="arn:aws:sns:us-east-1:1:news"),
        span("c", "b", "lambda", 2, Kind="run", Subject="f", Status="error"),
        span("c", "b", "lambda", 2000, Kind="run", Subject="f", Attempt=2),
        span("d", "a", "sqs:SendMessage", 3, Subject="http://h/1/q", Made="m-1"),
    ) == [
        "     0 ms            s3:PutObject s3://b/k",
        "     1 ms      5 ms  ├ sns:Publish news",
        "     2 ms      5 ms  │ └ run function f [error]",
        "   2.00 s      5 ms  │ └ run function f (attempt 2)",
        "     3 ms      5 ms  └ sqs:SendMessage q → m-1",
    ]


def test_what_an_attempt_caused_is_below_it() -> None:
    moment = START + timedelta(milliseconds=9000)
    waits = span("c", "", "lambda", 0, Kind="run", Subject="f", Attempt=3, Status="waiting")
    del waits["BeganAt"], waits["EndedAt"]
    assert drawn(
        span("c", "", "lambda", 0, Kind="run", Subject="f", Status="error"),
        span("d", "c", "sns:Publish", 3),
        span("c", "", "lambda", 2000, Kind="run", Subject="f", Attempt=2, EmittedAt=START),
        span("e", "c", "sns:Publish", 2003),
        span("g", "c", "events:PutEvents", 9000, Made="e-1 e-2 e-3", EndedAt=moment),
        waits,
    ) == [
        "     0 ms      5 ms  run function f [error]",
        "     3 ms      5 ms  └ sns:Publish",
        "   2.00 s      5 ms  run function f (attempt 2)",
        "   2.00 s      5 ms  ├ sns:Publish",
        "   9.00 s      0 ms  └ events:PutEvents → e-1 and 2 more",
        "                     run function f (attempt 3) [waiting]",
    ]


def test_many_alike_are_one_line() -> None:
    children = [
        span(f"c{n}", "a", "batch", 10 + n, Kind="run", Subject=f"job:{n}") for n in range(1000)
    ]
    assert drawn(span("a", "", "batch:SubmitJob", 0, Kind="request"), *children) == [
        "     0 ms            batch:SubmitJob",
        "    10 ms    1.00 s  └ run job job:… × 1,000",
    ]


def test_a_file_s_way(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        s3 = server.client("s3")
        s3.create_bucket(Bucket="files")
        arn = server.function("copy", NOTIFIED)
        rule = {
            "LambdaFunctionArn": arn,
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
        }
        s3.put_bucket_notification_configuration(
            Bucket="files", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
        )
        s3.put_object(Bucket="files", Key="in/a", Body=b"x")

        def told(id: str) -> list[str]:
            command = [OWARI, "trace", id, "--endpoint", server.endpoint]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            return [line[21:].split(" → ")[0] for line in done.stdout.splitlines()[1:]]

        whole = [
            "s3:PutObject s3://files/in/a",
            "└ lambda:Invoke function:copy",
            "  └ run function copy",
            "    └ s3:PutObject s3://files/out/a",
        ]
        eventually(lambda: told("s3://files/in/a") == whole)
        assert told("s3://files/out/a") == whole
        assert told("nothing") == []
