"""Pay a batch of people: read, check each line, have a large sum approved, pay each once, report.

A durable function: it is invoked again after every wait and every crash, and what its steps have
returned is not done again. The approval may take a week; nothing runs meanwhile.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import boto3
from aws_durable_execution_sdk_python import DurableContext, StepContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration, MapConfig, WaitForCallbackConfig

APPROVED_ABOVE = 1000
SIDE_BY_SIDE = MapConfig(max_concurrency=4)
A_WEEK = WaitForCallbackConfig(timeout=Duration.from_days(7))

Line = dict[str, Any]


@durable_execution
def handler(event: Line, context: DurableContext) -> Line:
    bucket, key = event["bucket"], event["key"]
    lines = context.step(lambda _: read(bucket, key), name="read")
    checked = context.map(lines, check, name="check", config=SIDE_BY_SIDE).get_results()
    good = [line for line in checked if not line["problem"]]
    total = sum(line["amount"] for line in good)
    if total > APPROVED_ABOVE:
        asked = {"key": key, "people": len(good), "total": total}
        answer = context.wait_for_callback(
            lambda id, _: put(bucket, f"waiting/{key}.json", {**asked, "callback": id}),
            name="approval",
            config=A_WEEK,
        )
        if answer != "yes":
            return {"status": "refused", "total": total}
    paid = context.map(good, pay, name="pay", config=SIDE_BY_SIDE).get_results()
    report = {"paid": paid, "refused": [line for line in checked if line["problem"]]}
    context.step(lambda _: put(bucket, f"reports/{key}.json", report), name="report")
    return {"status": "paid", "people": len(paid), "total": total}


def read(bucket: str, key: str) -> list[Line]:
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return list(csv.DictReader(io.StringIO(body)))


def check(context: DurableContext, line: Line, index: int, lines: Any) -> Line:
    def verified(_: StepContext) -> Line:
        amount = line["amount"]
        problem = "" if amount.isdigit() else f"not an amount: {amount}"
        return {"name": line["name"], "amount": 0 if problem else int(amount), "problem": problem}

    return context.step(verified, name=f"check-{index}")


def pay(context: DurableContext, line: Line, index: int, lines: Any) -> Line:
    """Here the bank would be told, with the step's name as its idempotency key."""
    return context.step(lambda _: {**line, "receipt": f"R{index:04}"}, name=f"pay-{index}")


def put(bucket: str, key: str, value: Any) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(value).encode())
