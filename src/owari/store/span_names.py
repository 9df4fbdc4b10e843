"""What an operation was about and what came of it, read off its parameters and its result.

The services' own parameter names tell; the first that is there wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SUBJECTS = (
    "TopicArn", "TargetArn", "QueueUrl", "FunctionName", "stateMachineArn", "executionArn",
    "jobName", "jobId", "job", "task", "taskDefinition", "cluster", "EventBusName", "logGroupName",
    "activityArn", "taskToken", "ReplayName", "RuleName", "Name", "name",
)  # fmt: skip
MADE = (
    "jobId", "executionArn", "MessageId", "taskArn", "DurableExecutionArn", "log_stream",
)  # fmt: skip
TEXT_MAX = 512


def subject_of(params: Mapping[str, Any]) -> str:
    """`s3://bucket/key`, an ARN, a URL or a name; '' when nothing tells."""
    if "Bucket" in params:
        key = params.get("Key")
        return f"s3://{params['Bucket']}/{key}"[:TEXT_MAX] if key else f"s3://{params['Bucket']}"
    found = _first(params, SUBJECTS)
    index = params.get("index")  # of a child of an array job
    return f"{found}:{index}" if isinstance(index, int) and index >= 0 else found


def made_by(result: Mapping[str, Any]) -> str:
    return _first(result, MADE)


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and value:
            return value[:TEXT_MAX]
    return ""
