"""The official SDK in a function's package, and what a real server makes of it."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import ROLE, Server, eventually

SDK = "aws_durable_execution_sdk_python"


def sdk_folder() -> Path:
    spec = importlib.util.find_spec(SDK)
    if spec is None or spec.origin is None:
        pytest.skip("the durable execution SDK is not installed")
    return Path(spec.origin).parent


def durable_package(source: str) -> bytes:
    """A zip with the handler and the SDK as pip installed it."""
    folder = sdk_folder()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("index.py"), source)
        for path in sorted(folder.rglob("*.py")):
            archive.write(path, f"{SDK}/{path.relative_to(folder)}")
    return buffer.getvalue()


def durable_function(
    server: Server, name: str, source: str, *, timeout_s: int = 600, **settings: Any
) -> str:
    """Create a durable Python function; returns the ARN of its $LATEST."""
    given: dict[str, Any] = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Role": ROLE,
        "Handler": "index.handler",
        "Timeout": 30,
        "MemorySize": 256,
        "Code": {"ZipFile": durable_package(source)},
        "DurableConfig": {"ExecutionTimeout": timeout_s, "RetentionPeriodInDays": 1},
    }
    made = server.client("lambda").create_function(**(given | settings))
    return f"{made['FunctionArn']}:$LATEST"


def ended(client: Any, arn: str) -> dict[str, Any]:
    """The execution, once it has ended."""

    def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = client.get_durable_execution(DurableExecutionArn=arn)
        return shown if shown["Status"] != "RUNNING" else None

    shown: dict[str, Any] = eventually(look)
    return shown


def history(client: Any, arn: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("get_durable_execution_history").paginate(
        DurableExecutionArn=arn, IncludeExecutionData=True
    )
    return [event for page in pages for event in page["Events"]]


def callback_of(client: Any, arn: str) -> str:
    """The id of the callback the execution waits for."""

    def look() -> str | None:
        for event in history(client, arn):
            if event["EventType"] == "CallbackStarted":
                found: str = event["CallbackStartedDetails"]["CallbackId"]
                return found
        return None

    found: str = eventually(look)
    return found
