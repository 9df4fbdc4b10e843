"""The function's stdout and its `logging`, set up as AWS's Python runtime does."""

# ruff: noqa: SIM105

from __future__ import annotations

import io
import json
import logging
import os
import sys
import time
import traceback
from typing import Any

from .faults import RECORD, timestamp

FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"


class RequestId(logging.Filter):
    """Adds the id of the invocation under way."""

    value = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.value
        return True


class LambdaHandler(logging.Handler):
    """Writes each record as one event, however many lines it has."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.write_log(self.format(record))
        except (OSError, ValueError):  # the function closed its stdout
            pass

    def write_log(self, text: str) -> None:
        text = text[:-1] if text.endswith("\n") else text
        sys.stdout.write(text.replace("\n", RECORD) + "\n")


class JsonFormatter(logging.Formatter):
    """One JSON object per record, what the caller gave as `extra` included."""

    STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "aws_request_id"}

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "timestamp": timestamp(record.created),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        kind, error, trace = record.exc_info or (None, None, None)
        if kind is not None:
            entry["stackTrace"] = traceback.format_tb(trace)
            entry["errorType"] = kind.__name__
            entry["errorMessage"] = str(error)
            place = (record.pathname, record.funcName, str(record.lineno))
            entry["location"] = ":".join(map(str, place))
        entry["requestId"] = getattr(record, "aws_request_id", "")
        for key, value in record.__dict__.items():
            if key not in self.STANDARD:
                entry.setdefault(key, value)
        return json.dumps(entry, default=str)


def set_up(request_id: RequestId, structured: bool) -> None:
    formatter: logging.Formatter = JsonFormatter()
    if not structured:
        formatter = logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
    handler = LambdaHandler()
    handler.setFormatter(formatter)
    handler.addFilter(request_id)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")
    if level in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
        root.setLevel("NOTSET" if level == "TRACE" else level)


def open_streams(output: int) -> None:
    """stdout and stderr are the agent's pipe; whole lines go out at once."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = _stream(1)
    sys.stderr = _stream(2)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr  # type: ignore[misc]


def _stream(fd: int) -> io.TextIOWrapper:
    raw = open(fd, "wb", closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(
        raw, encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True
    )


def flush(output: int) -> None:
    """Everything printed is in the pipe before the result is sent; closed streams are mended."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        os.fstat(1)
        os.fstat(2)
    except (OSError, ValueError, AttributeError):
        open_streams(output)
