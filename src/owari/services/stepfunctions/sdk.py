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
from owari.wire.model import Operation, Shape, load

# Java SDK names of services that botocore calls otherwise.
_BOTOCORE = {
    "sfn": "stepfunctions",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "states": "stepfunctions",
    "applicationautoscaling": "application-autoscaling",
    "cognitoidentityprovider": "cognito-idp",
    "databasemigration": "dms",
    "resourcegroupstaggingapi": "resourcegroupstaggingapi",
    "servicequotas": "service-quotas",
    "rdsdata": "rds-data",
    "costexplorer": "ce",
    "elasticloadbalancingv2": "elbv2",
}
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


class ParameterError(Exception):
    """A parameter the operation does not have, lacks, or cannot take."""


@dataclass(frozen=True, slots=True)
class Target:
    """An operation as the registry knows it, and how errors of it are named."""

    service: str
    operation: str
    prefix: str
    model: Operation


def find(name: str, action: str) -> Target | None:
    """`s3`, `getObject`; None when AWS has no such operation."""
    service = _BOTOCORE.get(name, name)
    model = load(service)
    operation = model.operation(action[:1].upper() + action[1:]) if model else None
    if operation is None:
        return None
    prefix = _EXCEPTIONS.get(name, name[:1].upper() + name[1:])
    return Target(service, operation.name, prefix, operation)


def pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


# ---- from the Task to the operation
def to_boto(shape: Shape | None, value: Any, field: str = "") -> Any:
    """Raises ParameterError."""
    if shape is None:
        return {}
    match shape.type:
        case "structure":
            return value if shape.document else _structure(shape, value, field)
        case "list":
            if not isinstance(value, list):
                raise ParameterError(f"The field '{field}' must be an array")
            return [to_boto(shape.member, item, field) for item in value]
        case "map":
            if not isinstance(value, dict):
                raise ParameterError(f"The field '{field}' must be an object")
            return {key: to_boto(shape.value, item, key) for key, item in value.items()}
        case "blob":
            # A streamed body is the JSON text of the value, a string's quotes included.
            bare = isinstance(value, str) and not shape.streaming
            return value.encode() if bare else dumps(value).encode()
        case "string":
            return value if isinstance(value, str) else dumps(value)
        case "timestamp":
            return _seconds(value, field)
        case kind:
            return _number(kind, value, field)


def _structure(shape: Shape, value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ParameterError(f"The field '{field}' must be an object")
    names = {pascal(name): name for name in shape.members}
    made = {}
    for key, item in value.items():
        name = names.get(key)
        if name is None:
            raise ParameterError(f"The field '{key}' is not supported by Step Functions")
        if item is not None:
            made[name] = to_boto(shape.members[name], item, key)
    for name in shape.required:
        if name not in made:
            raise ParameterError(f"The field '{pascal(name)}' is required but was missing")
    return made


def _number(kind: str, value: Any, field: str) -> Any:
    wanted: type | tuple[type, ...] = bool if kind == "boolean" else (int, float)
    if not isinstance(value, wanted) or (kind != "boolean" and isinstance(value, bool)):
        noun = "a boolean" if kind == "boolean" else "a number"
        raise ParameterError(f"The field '{field}' must be {noun}")
    assert isinstance(value, int | float)
    return int(value) if kind in ("integer", "long") else value


def _seconds(value: Any, field: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError):
        raise ParameterError(f"The field '{field}' must be a timestamp") from None


# ---- from the operation to the Task
def from_boto(shape: Shape | None, value: Any, *, millis: bool = False) -> Any:
    """`millis`: times as epoch milliseconds, which the optimized integrations have."""
    if shape is None or value is None:
        return value
    match shape.type:
        case "structure" if not shape.document:
            members = shape.members
            return {
                pascal(key): from_boto(members[key], item, millis=millis)
                for key, item in value.items()
                if key in members and item is not None
            }
        case "list":
            return [from_boto(shape.member, item, millis=millis) for item in value]
        case "map":
            return {k: from_boto(shape.value, v, millis=millis) for k, v in value.items()}
        case "blob":
            return _text(value)
        case "timestamp" if not isinstance(value, str):
            return int(value * 1000) if millis else _iso(value)
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
