"""What the scripts share."""

from __future__ import annotations

import os
from typing import Any

import boto3

BUCKET = "payouts"
FUNCTION = "payouts"


def client(service: str) -> Any:
    """Where AWS_ENDPOINT_URL says; Owari takes any key."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    known = "AWS_ACCESS_KEY_ID" in os.environ or "AWS_PROFILE" in os.environ
    region = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
    return boto3.client(service, region_name=region, **({} if known else keys))
