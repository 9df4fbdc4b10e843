"""An operation and its parameters, as Step Functions and Scheduler name them: after the Java SDK.

Members are PascalCase, whatever the service does, an abbreviation being a word (`ARN` is `Arn`,
`DBInstances` are `DbInstances`); blobs are text, times ISO 8601 or numbers.
AWS: "Learning to use AWS service SDK integrations", "Using universal targets".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


class ParameterError(Exception):
    """A parameter the operation does not have, lacks, or cannot take."""


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def as_in_java(name: str) -> str:
    """A member's name, or an exception's."""
    return "".join(word.capitalize() for word in _WORD.findall(name))


def knows(name: str) -> bool:
    """Whether AWS has a service that the Java SDK calls so."""
    return load(_BOTOCORE.get(name, name)) is not None


def operation_of(name: str, action: str) -> Operation | None:
    """`sfn`, `startExecution`; None when AWS has no such operation."""
    model = load(_BOTOCORE.get(name, name))
    return model.operation(pascal(action)) if model else None


@dataclass(frozen=True, slots=True)
class Reader:
    """`caller` is named in errors; `dumps` makes text of what is given where text is wanted."""

    caller: str
    dumps: Callable[[Any], str]

    def read(self, shape: Shape | None, value: Any, field: str = "") -> Any:
        """Raises ParameterError."""
        if shape is None:
            return {}
        match shape.type:
            case "structure":
                return value if shape.document else self._structure(shape, value, field)
            case "list":
                if not isinstance(value, list):
                    raise ParameterError(f"The field '{field}' must be an array")
                return [self.read(shape.member, item, field) for item in value]
            case "map":
                if not isinstance(value, dict):
                    raise ParameterError(f"The field '{field}' must be an object")
                return {key: self.read(shape.value, item, key) for key, item in value.items()}
            case "blob":
                # A streamed body is the JSON text of the value, a string's quotes included.
                bare = isinstance(value, str) and not shape.streaming
                return value.encode() if bare else self.dumps(value).encode()
            case "string":
                return value if isinstance(value, str) else self.dumps(value)
            case "timestamp":
                return self._seconds(value, field)
            case kind:
                return self._number(kind, value, field)

    def _structure(self, shape: Shape, value: Any, field: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ParameterError(f"The field '{field}' must be an object")
        names = {named(name): name for name in shape.members for named in (pascal, as_in_java)}
        made = {}
        for key, item in value.items():
            name = names.get(key)
            if name is None:
                raise ParameterError(f"The field '{key}' is not supported by {self.caller}")
            if item is not None:
                made[name] = self.read(shape.members[name], item, key)
        for name in shape.required:
            if name not in made:
                raise ParameterError(f"The field '{pascal(name)}' is required but was missing")
        return made

    @staticmethod
    def _number(kind: str, value: Any, field: str) -> Any:
        wanted: type | tuple[type, ...] = bool if kind == "boolean" else (int, float)
        if not isinstance(value, wanted) or (kind != "boolean" and isinstance(value, bool)):
            noun = "a boolean" if kind == "boolean" else "a number"
            raise ParameterError(f"The field '{field}' must be {noun}")
        assert isinstance(value, int | float)
        return int(value) if kind in ("integer", "long") else value

    @staticmethod
    def _seconds(value: Any, field: str) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        try:
            return datetime.fromisoformat(value).timestamp()
        except (TypeError, ValueError):
            raise ParameterError(f"The field '{field}' must be a timestamp") from None
