"""The fan-out: S3 event -> function -> topic -> four functions -> four objects."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.report import Figure, at_least, at_most
from bench.setting import Setting, median, p99

STARTER = """
import boto3
sns = boto3.client("sns")
def handler(event, context):
    for record in event["Records"]:
        sns.publish(TopicArn=TOPIC, Message=record["s3"]["object"]["key"])
"""
WORKER = """
import boto3
s3 = boto3.client("s3")
def handler(event, context):
    key = event["Records"][0]["Sns"]["Message"]
    out = "out/" + context.function_name + "/" + key.split("/", 1)[1]
    s3.put_object(Bucket="pipeline", Key=out, Body=key.encode())
"""
WORKERS = ("one", "two", "three", "four")


def set_up(s: Setting) -> Any:
    s3, sns, functions = s.client("s3"), s.client("sns"), s.client("lambda")
    s3.create_bucket(Bucket="pipeline")
    topic = sns.create_topic(Name="pipeline")["TopicArn"]
    starter = s.function("starter", f"TOPIC = {topic!r}\n{STARTER}")
    for name in WORKERS:
        arn = s.function(name, WORKER)
        _permit(functions, name, "sns.amazonaws.com")
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    _permit(functions, "starter", "s3.amazonaws.com")
    s3.put_bucket_notification_configuration(
        Bucket="pipeline",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {
                    "LambdaFunctionArn": starter,
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
                }
            ]
        },
    )
    return s3


def _permit(functions: Any, name: str, principal: str) -> None:
    functions.add_permission(
        FunctionName=name,
        StatementId="source",
        Action="lambda:InvokeFunction",
        Principal=principal,
    )


def _wait_for(s3: Any, files: int) -> None:
    """Until every worker's `files` outputs are there; asks rarely, so as not to be measured."""
    for name in reversed(WORKERS):
        while True:
            found = s3.list_objects_v2(Bucket="pipeline", Prefix=f"out/{name}/burst-")
            if found["KeyCount"] == files:
                break
            time.sleep(0.05)


def one_file(s: Setting) -> list[Figure]:
    s3 = set_up(s)
    taken = []
    for number in range(45):
        key = f"{number}.one"
        began = time.perf_counter()
        s3.put_object(Bucket="pipeline", Key=f"in/{key}", Body=b"x")
        for name in WORKERS:
            while True:
                try:
                    s3.head_object(Bucket="pipeline", Key=f"out/{name}/{key}")
                    break
                except s3.exceptions.ClientError:
                    time.sleep(0.003)  # asking costs what the functions need
        taken.append(time.perf_counter() - began)
    warm = taken[5:]
    return [
        at_most("one file through the fan-out, p50", median(warm) * 1e3, 20, "ms"),
        at_most("one file through the fan-out, p99", p99(warm) * 1e3, 60, "ms"),
    ]


def burst(s: Setting) -> list[Figure]:
    s3 = s.client("s3")
    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        for number in range(100):
            pool.submit(s3.put_object, Bucket="pipeline", Key=f"in/burst-{number}", Body=b"x")
    _wait_for(s3, 100)
    taken = time.perf_counter() - began
    return [at_least("burst of 100 files, function invocations", 500 / taken, 400, "per s")]
