"""`owari graph`: draw a state machine, or how far one of its executions is."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from owari.cli.client import connect
from owari.cli.workflow.board import outline
from owari.cli.workflow.following import Execution
from owari.cli.workflow.history import Progress
from owari.cli.workflow.machine import Scope, read
from owari.cli.workflow.names import execution_arn, is_execution, machine_arn, short
from owari.cli.workflow.notes import elsewhere, length, notes
from owari.cli.workflow.scene import Notes
from owari.cli.workflow.svg import picture
from owari.cli.workflow.text import cells, drawing
from owari.cli.workflow.visits import Taken

CAUSE_MAX = 160


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "subject",
        metavar="MACHINE|EXECUTION",
        help="a name, MACHINE:EXECUTION or an ARN",
    )
    parser.add_argument("-o", "--output", metavar="FILE.svg", help="write a picture; - to stdout")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is drawn; `told` and `taken` of an execution only."""

    title: str
    subtitle: str
    scope: Scope
    told: Notes | None = None
    taken: AbstractSet[Taken] | None = None


def run(args: argparse.Namespace) -> int:
    try:
        states = connect(args, "stepfunctions")
        found = _execution if is_execution(args.subject) else _machine
        subject = found(args, states)
        if args.output is None:
            _print(subject)
        else:
            _write(args.output, subject)
        sys.stdout.flush()
    except BrokenPipeError:  # `owari graph M | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ClientError, BotoCoreError, OSError) as error:
        print(f"owari graph: {error}", file=sys.stderr)
        return 1
    return 0


def _machine(args: argparse.Namespace, states: Any) -> Subject:
    found = states.describe_state_machine(stateMachineArn=machine_arn(args, states, args.subject))
    comment = json.loads(found["definition"]).get("Comment", "")
    subtitle = f"state machine, {found['type'].lower()}" + (f": {comment}" if comment else "")
    return Subject(found["name"], subtitle, read(json.loads(found["definition"])))


def _execution(args: argparse.Namespace, states: Any) -> Subject:
    arn = execution_arn(args, states, args.subject)
    definition = states.describe_state_machine_for_execution(executionArn=arn)["definition"]
    execution = Execution(states, arn)
    execution.read()
    now = datetime.now(UTC)
    scope = read(json.loads(definition))
    told = elsewhere(scope, execution.progress, notes(execution.progress, now, execution.map_runs))
    return Subject(
        short(arn), _summary(execution.progress, now), scope, told, execution.progress.taken
    )


def _summary(progress: Progress, now: datetime) -> str:
    """`failed after 12 s in Encode: States.Timeout`."""
    words = progress.status.lower().replace("_", " ")
    if progress.started is not None:
        took = ((progress.ended or now) - progress.started).total_seconds()
        words += f" {'for' if progress.ended is None else 'after'} {length(took)}"
    if progress.culprit is not None:
        words += f" in {progress.culprit.path}"
    reasons = ": ".join(part for part in (progress.error, progress.cause) if part)
    if len(reasons) > CAUSE_MAX:
        reasons = reasons[: CAUSE_MAX - 1] + "…"
    return f"{words}: {reasons}" if reasons else words


def _print(subject: Subject) -> None:
    """The drawing if the terminal is wide enough for it, else a list."""
    on_terminal = sys.stdout.isatty()
    print(f"{subject.title}  {subject.subtitle}")
    text = drawing(subject.scope, subject.told)
    if on_terminal:
        columns = shutil.get_terminal_size().columns
        if max(map(cells, text.splitlines()), default=0) > columns:
            print("\n".join(outline(subject.scope, subject.told, subject.told is not None)))
            print("(the drawing needs a wider terminal; -o FILE.svg makes a picture)")
            return
        text = drawing(subject.scope, subject.told, coloured=True)
    print(text)


def _write(output: str, subject: Subject) -> None:
    text = picture(subject.scope, subject.title, subject.subtitle, subject.told, subject.taken)
    if output == "-":
        sys.stdout.write(text)
    else:
        Path(output).write_text(text, encoding="utf-8")
