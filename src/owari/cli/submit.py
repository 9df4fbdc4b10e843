"""`owari submit`: run a command as a Batch job, or thousands of it as an array."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import uuid
from pathlib import Path
from typing import Any

from owari.cli.batch import defaults, items, units
from owari.cli.batch.errors import told
from owari.cli.batch.following import INTERRUPTED, follow, goes_on
from owari.cli.batch.outcome import as_json, exit_status, show_failed
from owari.cli.batch.planning import PASSED, Asked, parts, requests
from owari.cli.batch.submission import NoJob, describe, find, submit
from owari.cli.client import connect
from owari.cli.find import endpoint, page, place

DEPENDENCIES_MAX = 20  # Batch API reference, SubmitJob


def add_arguments(parser: argparse.ArgumentParser) -> None:
    many = parser.add_mutually_exclusive_group()
    many.add_argument(
        "--array", type=units.positive, metavar="N",
        help="run it N times; AWS_BATCH_JOB_ARRAY_INDEX is 0 to N-1",
    )  # fmt: skip
    many.add_argument(
        "--array-from", metavar="FILE|GLOB",
        help="once for each line of a file, or each file that fits; it is in OWARI_ITEM",
    )  # fmt: skip
    _add_needs(parser)
    parser.add_argument(
        "--after", action="append", default=[], metavar="JOB", help="only once that job succeeded"
    )
    parser.add_argument(
        "--after-each", action="append", default=[], metavar="JOB",
        help="of an array as large: each child once the child of that number succeeded",
    )  # fmt: skip
    parser.add_argument("--name", help="the job's (default: from the command, and a new one)")
    parser.add_argument(
        "--image", default=defaults.HOST,
        help="a container image's software instead of this machine's (see owari images)",
    )  # fmt: skip
    parser.add_argument(
        "--env", type=units.variable, action="append", default=[], metavar="NAME[=VALUE]",
        help="an environment variable; without a value, as it is here",
    )  # fmt: skip
    parser.add_argument("-f", "--follow", action="store_true", help="watch it until it has ended")
    parser.add_argument("--json", action="store_true", help="print what comes of it as JSON")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what to run")


def _add_needs(parser: argparse.ArgumentParser) -> None:
    """Of each child."""
    parser.add_argument("--vcpus", type=units.positive, default=1, metavar="N", help="default: 1")
    parser.add_argument(
        "--memory", type=units.mebibytes, default=units.MEMORY_DEFAULT_MIB, metavar="SIZE",
        help="512M, 2G …; more is refused to it (default: 1G)",
    )  # fmt: skip
    parser.add_argument("--gpus", type=units.positive, default=0, metavar="N", help="default: none")
    parser.add_argument(
        "--retries", type=units.retries, default=0, metavar="N", help="after a failure (default: 0)"
    )
    parser.add_argument(
        "--timeout", type=units.timeout, default=0, metavar="TIME",
        help="of an attempt, at least 60s: 90s, 10m, 2h …",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Exit status 1 if it was not submitted or, followed, a child failed; 130 after Ctrl-C."""
    program = args.words[1:] if args.words[:1] == ["--"] else args.words
    if not program:
        print("owari submit: what is to be run? (owari submit … -- COMMAND)", file=sys.stderr)
        return 2
    return told("submit", lambda a: _submit(a, tuple(program)), args)


def _submit(args: argparse.Namespace, program: tuple[str, ...]) -> int:
    batch = connect(args, "batch")
    asked = _asked(args, batch, program)
    submission = str(uuid.uuid4())
    ids = submit(batch, requests(asked, submission))
    if not args.follow:
        _tell(args, asked, ids)
        _warn(describe(batch, ids[:1]))
        return 0
    try:
        print(f"{asked.name}  {ids[0]}", file=sys.stderr)
        details = follow(batch, ids, asked.name)
    except KeyboardInterrupt:
        goes_on("owari submit", ids[0], place(args), sys.stderr)
        return INTERRUPTED
    if args.json:
        print(json.dumps(as_json(details), indent=2))
    show_failed(batch, details, place(args), sys.stderr)
    return exit_status(details)


def _tell(args: argparse.Namespace, asked: Asked, ids: list[str]) -> None:
    if args.json:
        shown = {"name": asked.name, "jobId": ids[0], "jobIds": ids, "size": asked.array or 1}
        print(json.dumps(shown, indent=2))
        return
    print(ids[0])
    if sys.stderr.isatty():
        several = f" in {len(ids)} jobs" if len(ids) > 1 else ""
        times = f", {asked.array} times{several}" if asked.array else ""
        look = f"owari job {ids[0]} --follow{place(args)}"
        print(f"submitted {asked.name}{times}: {look}", file=sys.stderr)


def _warn(details: list[dict[str, Any]]) -> None:
    """What can never run as it is, and would wait for ever."""
    for reason in (detail.get("statusReason", "") for detail in details):
        if reason.startswith("MISCONFIGURATION:"):
            print(f"owari submit: {reason.partition(' - ')[2]}", file=sys.stderr)


def _asked(args: argparse.Namespace, batch: Any, program: tuple[str, ...]) -> Asked:
    """Raises NoItems, NoJob, NotReady, NotRunning, ClientError, OSError."""
    chosen = items.items(args.array_from) if args.array_from else []
    array = len(chosen) if chosen else args.array or 0
    kept = _keep(args, chosen) if chosen else ()
    folder = str(Path.cwd())
    return Asked(
        name=args.name or _name(program),
        queue=defaults.queue(batch),
        definition=defaults.definition(batch, args.image, _mounts(args, folder, kept)),
        program=program,
        array=array,
        items=kept,
        folder=folder,
        vcpus=args.vcpus,
        memory_mib=args.memory,
        gpus=args.gpus,
        retries=args.retries,
        timeout_s=args.timeout,
        after=_after(batch, args.after),
        after_each=tuple(_after_each(batch, job, array) for job in args.after_each),
        variables=_variables(args),
    )


def _keep(args: argparse.Namespace, chosen: list[bytes]) -> tuple[str, ...]:
    """A file of items for each job."""
    data = Path(page(endpoint(args), "/_owari/status")["data"])
    return tuple(
        str(items.keep(data, chosen[numbers.start : numbers.stop]))
        for numbers in parts(len(chosen))
    )


def _mounts(args: argparse.Namespace, folder: str, kept: tuple[str, ...]) -> dict[str, bool]:
    """In another image the folder it was submitted from is where it is here."""
    if args.image == defaults.HOST:
        return {}
    return {folder: False} | {str(Path(path).parent): True for path in kept[:1]}


def _variables(args: argparse.Namespace) -> dict[str, str]:
    """Another image has its own programs, so its own PATH."""
    passed = PASSED if args.image == defaults.HOST else ()
    found = {name: os.environ[name] for name in passed if name in os.environ}
    for name, value in args.env:
        if value is not None:
            found[name] = value
        elif name in os.environ:
            found[name] = os.environ[name]
    return found


def _name(program: tuple[str, ...]) -> str:
    """`simulate-1f0c9a`: what is run, not the interpreter that runs it."""
    words = [Path(word).name for word in program]
    scripts = [word for word in words[1:] if re.search(r"\.\w{1,4}$", word)]
    interpreter = shutil.which(program[0]) is not None and re.match(
        r"(python|ruby|perl|node|bash|sh|Rscript|julia)", words[0]
    )
    chosen = scripts[0].rpartition(".")[0] if interpreter and scripts else words[0]
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", chosen).strip("-_")[:60] or "job"
    return f"{slug}-{uuid.uuid4().hex[:6]}"


def _after(batch: Any, references: list[str]) -> tuple[str, ...]:
    ids = [part.id for reference in references for part in find(batch, reference)]
    if len(ids) > DEPENDENCIES_MAX:
        raise NoJob(f"a job can wait for {DEPENDENCIES_MAX} jobs at most, these are {len(ids)}")
    return tuple(ids)


def _after_each(batch: Any, reference: str, array: int) -> tuple[str, ...]:
    found = find(batch, reference)
    if [part.size for part in found] != [len(numbers) for numbers in parts(array or 1)]:
        size = sum(part.size for part in found)
        raise NoJob(f"--after-each: {reference} has {size} children and this one {array or 1}")
    return tuple(part.id for part in found)
