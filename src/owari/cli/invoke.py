"""`owari invoke`: call a function and show what it answers."""

from __future__ import annotations

import argparse
import base64
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from owari.cli.client import connect

READ_TIMEOUT_S = 910  # a function may take 900


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="function name, ARN or NAME:QUALIFIER")
    parser.add_argument(
        "--payload", default="{}", metavar="JSON", help="the event; @FILE reads it, - from stdin"
    )
    parser.add_argument(
        "--async", dest="asynchronous", action="store_true", help="do not wait for the result"
    )
    parser.add_argument("--tail", action="store_true", help="the end of its log, on stderr")


def payload(text: str) -> bytes:
    """Raises OSError."""
    if text == "-":
        return sys.stdin.buffer.read()
    if text.startswith("@"):
        return Path(text[1:]).read_bytes()
    return text.encode()


def run(args: argparse.Namespace) -> int:
    """Exit status 1 if the function failed or was not invoked, 2 if the payload is not there."""
    try:
        event = payload(args.payload)
    except OSError as error:
        print(f"owari invoke: {error}", file=sys.stderr)
        return 2
    try:
        return _invoke(args, event)
    except (ClientError, BotoCoreError) as error:
        print(f"owari invoke: {error}", file=sys.stderr)
        return 1


def _invoke(args: argparse.Namespace, event: bytes) -> int:
    functions = connect(args, "lambda", read_timeout=READ_TIMEOUT_S)
    if args.asynchronous:
        answer = functions.invoke(FunctionName=args.name, InvocationType="Event", Payload=event)
        print(f"accepted: {answer['ResponseMetadata']['RequestId']}", file=sys.stderr)
        return 0
    log_type = "Tail" if args.tail else "None"
    answer = functions.invoke(FunctionName=args.name, LogType=log_type, Payload=event)
    result = answer["Payload"].read()
    if answer.get("LogResult"):
        sys.stderr.write(base64.b64decode(answer["LogResult"]).decode("utf-8", "replace"))
        sys.stderr.flush()
    sys.stdout.buffer.write(result + b"\n")
    sys.stdout.flush()
    return 1 if answer.get("FunctionError") else 0
