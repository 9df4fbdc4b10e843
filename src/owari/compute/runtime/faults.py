"""Errors of a function, worded as AWS's Python runtime words them."""

from __future__ import annotations

import json
import sys
import time
import traceback
from typing import Any

RECORD = "\x1e"  # stands for a line break inside one log event; the agent turns it back
OUR_FILES = __file__.rsplit("/", 1)[0] + "/"


class Fault(Exception):
    """An error of the runtime's own making, e.g. Runtime.ImportModuleError."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace or []


def payload(message: str, kind: str, trace: list[str], request_id: str) -> dict[str, Any]:
    return {
        "errorMessage": message,
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": trace,
    }


def of_exception(error: BaseException, request_id: str) -> dict[str, Any]:
    """The payload of an exception: its stack from the function's first frame on."""
    if isinstance(error, Fault):
        return payload(error.message, error.kind, error.trace, request_id)
    frames = traceback.extract_tb(error.__traceback__)
    first = next((i for i, f in enumerate(frames) if not f.filename.startswith(OUR_FILES)), 0)
    return payload(
        str(error), type(error).__name__, traceback.format_list(frames[first:]), request_id
    )


def log(fault: dict[str, Any], structured: bool) -> None:
    """The error as one event: JSON, or `[ERROR]` and the traceback in several lines."""
    if structured:
        entry = {"timestamp": timestamp(time.time()), "log_level": "ERROR"}
        entry.update(fault)
        _write(json.dumps(entry) + "\n")
        return
    lines = ["[ERROR] {}: {}".format(fault["errorType"], fault["errorMessage"])]
    lines.append("Traceback (most recent call last):")
    for element in fault["stackTrace"]:
        lines.extend("\u00a0" + line for line in element.splitlines())
    _write(RECORD.join("\n".join(lines).splitlines()) + "\n")


def timestamp(seconds: float) -> str:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{moment}.{int(seconds * 1000) % 1000:03d}Z"


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, ValueError):  # the function closed its stdout
        pass
