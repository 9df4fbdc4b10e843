"""Somebody must decide: leave the request, with its task token, where approve.py finds it."""

import json
import os
from typing import Any

import boto3

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: object) -> None:
    print(f"{event['name']} waits for a decision: {json.dumps(event['expense'])}")
    s3.put_object(
        Bucket=os.environ["BUCKET"],
        Key=f"waiting/{event['name']}.json",
        Body=json.dumps(event).encode(),
        ContentType="application/json",
    )
