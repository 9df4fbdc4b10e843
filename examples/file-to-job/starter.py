"""A file arrived: have Batch work on it. The function ends at once; the job may take for days."""

import os
import re
from typing import Any
from urllib.parse import unquote_plus

import boto3

batch = boto3.client("batch")


def handler(event: dict[str, Any], context: object) -> None:
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        job = batch.submit_job(
            jobName=re.sub(r"[^A-Za-z0-9_-]+", "-", key).strip("-")[:128],
            jobQueue=os.environ["QUEUE"],
            jobDefinition=os.environ["DEFINITION"],
            parameters={"bucket": bucket, "key": key},
        )
        print(f"{key}: job {job['jobId']}")
