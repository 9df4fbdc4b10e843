"""The function's stdout and its `logging`, set up as AWS's Python runtime does."""

# ruff: noqa: SIM105

from __future__ import annotations

import io
import logging
import os
import sys
import time

from .faults import RECORD

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


def set_up(request_id: RequestId) -> None:
    formatter = logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = LambdaHandler()
    handler.setFormatter(formatter)
    handler.addFilter(request_id)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")
    if level in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
        root.setLevel(level)


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
