"""The context object a handler receives, as AWS's Python runtime makes it.

Source: "AWS Lambda context object in Python" (Lambda developer guide).
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import Any


class _Fields:
    """An object with fixed attributes, taken from a dict; missing ones are None."""

    __slots__ = ()  # type: Any

    def __init__(self, values: dict[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self) -> str:
        body = ",".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}([{body}])"


class CognitoIdentity(_Fields):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Fields):
    __slots__ = (
        "app_package_name",
        "app_title",
        "app_version_code",
        "app_version_name",
        "installation_id",
    )


class ClientContext(_Fields):
    __slots__ = ("client", "custom", "env")


def client_context(text: str | None) -> ClientContext | None:
    """From the JSON that the caller sent, decoded already."""
    values = json.loads(text) if text else None
    if not isinstance(values, dict):
        return None
    made = ClientContext(values)
    client = values.get("client")
    if isinstance(client, dict):
        setattr(made, "client", Client(client))  # noqa: B010
    return made


class LambdaContext:
    def __init__(self, request_id: str, arn: str, deadline_ms: int, client: str | None) -> None:
        environ = os.environ
        self.aws_request_id = request_id
        self.invoked_function_arn = arn
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.client_context = client_context(client) if client else None
        self.identity = CognitoIdentity({})
        self._epoch_deadline_time_in_ms = deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        return max(self._epoch_deadline_time_in_ms - int(time.time() * 1000), 0)

    def log(self, msg: object) -> None:
        for handler in logging.getLogger().handlers:
            if hasattr(handler, "write_log"):
                handler.write_log(str(msg))
                return
        sys.stdout.write(str(msg))

    def __repr__(self) -> str:
        names = (
            "aws_request_id",
            "log_group_name",
            "log_stream_name",
            "function_name",
            "memory_limit_in_mb",
            "function_version",
            "invoked_function_arn",
            "client_context",
            "identity",
        )
        body = ",".join(f"{name}={getattr(self, name)}" for name in names)
        return f"LambdaContext([{body}])"
