"""`owari trace`: one event's way through everything it caused, with times."""

from __future__ import annotations

import argparse
import json
import shutil
import sys

from botocore.exceptions import BotoCoreError, ClientError

from owari.cli.client import connect
from owari.cli.trace_tree import lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id",
        metavar="ID",
        help="a trace, request, message, event, invocation, job, task token or execution; or"
        " s3://BUCKET/KEY or the ARN of a schedule or rule: the newest trace in which it appears",
    )
    parser.add_argument("--json", action="store_true", help="print the spans as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit status 1 if nothing is known of it."""
    try:
        found = connect(args, "owari").get_trace(Id=args.id)
    except ClientError as error:
        print(f"owari trace: {error.response['Error']['Message']}", file=sys.stderr)
        return 1
    except BotoCoreError as error:
        print(f"owari trace: {error}", file=sys.stderr)
        return 1
    del found["ResponseMetadata"]
    if args.json:
        print(json.dumps(found, indent=2, default=lambda moment: moment.timestamp()))
    else:
        for line in lines(found):
            print(fitted(line))
    return 0


def fitted(line: str) -> str:
    """To the terminal's width; what goes to a file or a pipe is whole."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    return line if not 0 < width < len(line) else line[: width - 1] + "…"
