"""What run.py and approve.py share."""

from __future__ import annotations

import os
from typing import Any

import boto3


def client(service: str) -> Any:
    """Where AWS_ENDPOINT_URL says; Owari takes any key."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    if "AWS_ACCESS_KEY_ID" in os.environ or "AWS_PROFILE" in os.environ:
        return boto3.client(service, region_name=region)
    return boto3.client(
        service, region_name=region, aws_access_key_id="test", aws_secret_access_key="test"
    )


def bucket() -> str:
    return f"approval-{client('sts').get_caller_identity()['Account']}"
