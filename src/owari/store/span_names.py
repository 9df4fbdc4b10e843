"""What an operation was about and what came of it, read off its parameters and its result.

The services' own parameter names tell; the first that is there wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SUBJECTS = (
    "TopicArn", "TargetArn", "QueueUrl", "FunctionName", "stateMachineArn", "executionArn",
    "jobName", "jobId", "job", "task", "taskDefinition", "cluster", "EventBusName", "logGroupName",
    "activityArn", "taskToken", "ReplayName", "RuleName", "SecretId", "Name", "name",
)  # fmt: skip
MADE = (
    "jobId", "executionArn", "MessageId", "taskArn", "DurableExecutionArn", "log_stream",
    "taskToken",
)  # fmt: skip
MADE_EACH = (  # of a batch: the list, and the id of each of its entries
    ("Entries", "EventId"), ("Successful", "MessageId"), ("tasks", "taskArn"),
)  # fmt: skip
TAKEN = "messages"  # of a run: the spans' names of the messages it was given
TEXT_MAX = 512
MADE_MAX = 4_096


def subject_of(params: Mapping[str, Any]) -> str:
    """`s3://bucket/key`, an ARN, a URL or a name; '' when nothing tells."""
    if "Bucket" in params:
        key = params.get("Key")
        return f"s3://{params['Bucket']}/{key}"[:TEXT_MAX] if key else f"s3://{params['Bucket']}"
    found = _first(params, SUBJECTS)
    index = params.get("index")  # of a child of an array job
    return f"{found}:{index}" if isinstance(index, int) and index >= 0 else found


def made_by(result: Mapping[str, Any]) -> str:
    """An id; of a batch all of them, with a space between."""
    return _first(result, MADE) or " ".join(_each(result))[:MADE_MAX]


def taken_by(payload: Mapping[str, Any]) -> str:
    return " ".join(payload.get(TAKEN, ()))


def _each(result: Mapping[str, Any]) -> Iterator[str]:
    for member, name in MADE_EACH:
        entries = result.get(member)
        if isinstance(entries, list):
            yield from (e[name] for e in entries if isinstance(e, Mapping) and e.get(name))


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and value:
            return value[:TEXT_MAX]
    return ""
