"""Between a Task's parameters and boto3's: names, and the few types that differ.

Step Functions names every member in PascalCase, whatever the service does, and speaks JSON:
blobs are text, times ISO 8601. AWS: "Learning to use AWS service SDK integrations".
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from owari.services.stepfunctions.asl.json_text import dumps
from owari.wire.message import Body, read_body
from owari.wire.model import Operation, Shape
from owari.wire.sdk_input import Reader, as_in_java, operation_of, pascal

# How the Java SDK spells them in the names of exceptions.
_EXCEPTIONS = {
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "cloudformation": "CloudFormation",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "secretsmanager": "SecretsManager",
    "apigateway": "ApiGateway",
}


@dataclass(frozen=True, slots=True)
class Target:
    """An operation as the registry knows it, and how errors of it are named."""

    service: str
    operation: str
    prefix: str
    model: Operation


def find(name: str, action: str) -> Target | None:
    """`s3`, `getObject`; None when AWS has no such operation."""
    operation = operation_of(name, action)
    if operation is None:
        return None
    prefix = _EXCEPTIONS.get(name, name[:1].upper() + name[1:])
    return Target(operation.service.service, operation.name, prefix, operation)


# ---- from the Task to the operation
to_boto = Reader("Step Functions", dumps).read


# ---- from the operation to the Task
def from_boto(shape: Shape | None, value: Any, *, optimized: bool) -> Any:
    """The optimized integrations name members as the API does, and tell times in epoch
    milliseconds."""
    named = pascal if optimized else as_in_java
    if shape is None or value is None:
        return value
    match shape.type:
        case "structure" if not shape.document:
            members = shape.members
            return {
                named(key): from_boto(members[key], item, optimized=optimized)
                for key, item in value.items()
                if key in members and item is not None
            }
        case "list":
            return [from_boto(shape.member, item, optimized=optimized) for item in value]
        case "map":
            return {k: from_boto(shape.value, v, optimized=optimized) for k, v in value.items()}
        case "blob":
            return _text(value)
        case "timestamp" if not isinstance(value, str):
            return int(value * 1000) if optimized else _iso(value)
        case _:
            return value


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    fraction = f".{moment.microsecond // 1000:03d}" if moment.microsecond // 1000 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _text(value: Any) -> str:
    data = read_body(value) if isinstance(value, Body) else bytes(value)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()


def status_of(target: Target, code: str) -> int:
    """The HTTP status the model gives an error; 400 where it gives none."""
    shape = target.model.service.error(code)
    found = shape.traits.get("error", {}).get("httpStatusCode") if shape else None
    return int(found or 400)
