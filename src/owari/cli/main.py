"""The command line's dispatcher: one module per subcommand, imported only when it is asked for.

A subcommand's module has `add_arguments(parser)` and `run(args) -> exit status`. `--data` and
`--endpoint`, which say which Owari is meant, are added here.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from owari.cli.find import DATA

COMMANDS = {
    "up": "start Owari on this machine",
    "down": "end Owari, its agent and everything that runs under it",
    "status": "show whether Owari runs, where, and what it holds",
    "doctor": "show what this machine offers, and what would mend the rest",
    "submit": "run a command as a job, or thousands of it as an array",
    "jobs": "list the jobs",
    "job": "show how a job is doing, or watch it",
    "rerun": "run a job again, or only its children that failed",
    "cancel": "cancel or terminate a job",
    "images": "say what container images are on this machine",
    "layers": "say what public Lambda layers are on this machine",
    "trace": "show one event's way through everything it caused",
    "logs": "show the log of a group, function or job",
    "invoke": "invoke a function",
    "start": "start an execution of a state machine, and watch it",
    "graph": "draw a state machine, or how far one of its executions is",
    "demo": "run the main job: a real video through functions",
}
ALONE = ("up", "demo")  # they start an Owari instead of finding one


def make_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole parser; with `only`, the other subcommands are listed but not imported."""
    parser = argparse.ArgumentParser(
        prog="owari", description="Serverless batch processing on your own machines."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if only is None or name == only:
            _fill(command, name)
    return parser


def _fill(command: argparse.ArgumentParser, name: str) -> None:
    module: Any = importlib.import_module(f"owari.cli.{name}")
    module.add_arguments(command)
    if name not in ALONE:
        command.add_argument(
            "--endpoint", metavar="URL", help="its URL (default: $AWS_ENDPOINT_URL, or by --data)"
        )
    if name != "demo":
        command.add_argument(
            "--data", type=Path, default=DATA, metavar="DIR", help="data folder (default: ./.owari)"
        )
    command.set_defaults(run=module.run)


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    asked = next((word for word in words if not word.startswith("-")), None)
    parser = make_parser(asked if asked in COMMANDS else "")
    args = parser.parse_args(words)
    status: int = args.run(args)
    return status


if __name__ == "__main__":
    sys.exit(main())
