"""`owari start`: start an execution of a state machine, and watch it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from owari.cli.client import connect
from owari.cli.workflow.board import Board
from owari.cli.workflow.following import Execution, follow
from owari.cli.workflow.history import Progress
from owari.cli.workflow.machine import read
from owari.cli.workflow.names import machine_arn, short

SYNC_TIMEOUT_S = 310  # an Express execution may take 300
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("machine", metavar="MACHINE", help="a state machine's name or ARN")
    parser.add_argument(
        "--input", default="{}", metavar="INPUT", help="JSON, or a FILE with it; - from stdin"
    )
    parser.add_argument("--name", metavar="NAME", help="the execution's (default: a new one)")
    parser.add_argument(
        "-f", "--follow", action="store_true", help="show the states until it ends, then its output"
    )
    parser.add_argument("--json", action="store_true", help="print what comes of it as JSON")


def given(text: str) -> str:
    """The input's JSON text. Raises OSError and ValueError."""
    if text == "-":
        found = sys.stdin.read()
    else:
        try:
            json.loads(text)
            found = text
        except ValueError:
            if text.lstrip()[:1] in ("{", "["):  # no file's name, but JSON gone wrong
                raise
            found = Path(text.removeprefix("@")).read_text()
    json.loads(found)
    return found


def run(args: argparse.Namespace) -> int:
    """Exit status 1 if it did not start or, followed, did not succeed; 2 for a bad input."""
    try:
        text = given(args.input)
    except (OSError, ValueError) as error:
        print(f"owari start: --input: {error}", file=sys.stderr)
        return 2
    try:
        return _start(args, text)
    except (ClientError, BotoCoreError) as error:
        print(f"owari start: {error}", file=sys.stderr)
        return 1


def _start(args: argparse.Namespace, text: str) -> int:
    states = connect(args, "stepfunctions")
    arn = machine_arn(args, states, args.machine)
    asked = {"stateMachineArn": arn, "input": text} | ({"name": args.name} if args.name else {})
    if not args.follow:
        made = states.start_execution(**asked)
        shown = {"executionArn": made["executionArn"], "startDate": made["startDate"].isoformat()}
        print(json.dumps(shown, indent=2) if args.json else made["executionArn"])
        return 0
    unqualified = ":".join(arn.split(":")[:7])
    if states.describe_state_machine(stateMachineArn=unqualified)["type"] == "EXPRESS":
        return _express(args, asked)
    made = states.start_execution(**asked)
    try:
        return _follow(args, states, made["executionArn"])
    except KeyboardInterrupt:
        name = made["executionArn"]
        print(f"\nowari start: {short(name)} goes on running", file=sys.stderr)
        print(f"  look:  owari graph {short(name)}", file=sys.stderr)
        end = "aws stepfunctions stop-execution --execution-arn"
        print(f"  end:   {end} {name}", file=sys.stderr)
        return INTERRUPTED


def _express(args: argparse.Namespace, asked: dict[str, str]) -> int:
    """An Express execution has no history to follow: wait for its end."""
    states = connect(args, "stepfunctions", read_timeout=SYNC_TIMEOUT_S, inject_host_prefix=False)
    ended = states.start_sync_execution(**asked)
    found = {key: ended[key] for key in ("executionArn", "status") if key in ended}
    return _tell(args, found, ended, "")


def _follow(args: argparse.Namespace, states: Any, arn: str) -> int:
    definition = states.describe_state_machine_for_execution(executionArn=arn)["definition"]
    board = Board(short(arn), read(json.loads(definition)))
    progress = follow(Execution(states, arn), board.show)
    ended = states.describe_execution(executionArn=arn)
    found = {"executionArn": arn, "status": ended["status"]}
    return _tell(args, found, ended, _place(progress))


def _place(progress: Progress) -> str:
    """The state whose failure ended it, with those around it."""
    return progress.culprit.path if progress.culprit else ""


def _tell(
    args: argparse.Namespace, found: dict[str, Any], ended: dict[str, Any], place: str
) -> int:
    """Its output, or why there is none."""
    succeeded = ended["status"] == "SUCCEEDED"
    if succeeded:
        found["output"] = json.loads(ended.get("output", "null"))
    else:
        reason = {"state": place, "error": ended.get("error"), "cause": ended.get("cause")}
        found |= {key: value for key, value in reason.items() if value}
        print(failure(ended["executionArn"], found), file=sys.stderr)
    if args.json:
        print(json.dumps(found, indent=2))
    elif succeeded:
        print(ended.get("output", "null"))
    return 0 if succeeded else 1


def failure(arn: str, found: dict[str, Any]) -> str:
    """`m:run timed out in Encode → Encode480: States.Timeout`, and the cause below it."""
    words = found["status"].lower().replace("_", " ")
    where = f" in {found['state']}" if "state" in found else ""
    error = f": {found['error']}" if "error" in found else ""
    cause = "".join(f"\n  {line}" for line in found.get("cause", "").splitlines())
    return f"owari start: {short(arn)} {words}{where}{error}{cause}"
