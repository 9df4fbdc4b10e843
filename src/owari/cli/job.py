"""`owari job`: how a job is doing: its children by state, why it waits, its attempts."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from typing import Any

from owari.cli.batch.children import states
from owari.cli.batch.errors import told
from owari.cli.batch.following import INTERRUPTED, follow, goes_on
from owari.cli.batch.grid import grid
from owari.cli.batch.outcome import as_json, exit_status, show_failed
from owari.cli.batch.sheet import attempts, facts
from owari.cli.batch.submission import Part, describe, find, part_of, place_of, split_reference
from owari.cli.client import connect
from owari.cli.find import place

GRID_PARTS_MAX = 20  # of a submission of more jobs, the children are counted, not shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "job", metavar="JOB[:INDEX]", help="an id, its beginning, or a name; of an array, a child"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="watch it until it has ended")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit status 1 if there is no such job or, followed, a child failed; 130 after Ctrl-C."""
    return told("job", _job, args)


def _job(args: argparse.Namespace) -> int:
    batch = connect(args, "batch")
    reference, index = split_reference(args.job)
    parts = find(batch, reference)
    if index is not None:
        part, child = place_of(parts, index)
        parts = [part_of(describe(batch, [part.child_id(child)])[0])]
    status = 0
    if args.follow:
        details = _follow(batch, parts, place(args))
        if details is None:
            return INTERRUPTED
        parts, status = [part_of(detail) for detail in details], exit_status(details)
    details = [part.detail for part in parts]
    if args.json:
        print(json.dumps(as_json(details) | {"jobs": details}, indent=2, default=str))
    else:
        _show(batch, parts, index, place(args))
    return status


def _follow(batch: Any, parts: list[Part], place: str) -> list[dict[str, Any]] | None:
    """None after Ctrl-C."""
    try:
        return follow(batch, [part.id for part in parts], parts[0].detail["jobName"])
    except KeyboardInterrupt:
        goes_on("owari job", parts[0].id, place, sys.stderr)
        return None


def _show(batch: Any, parts: list[Part], index: int | None, place: str) -> None:
    rows = facts(parts, time.time() * 1000)
    if index is None and len(parts) == 1 and parts[0].has_children and not parts[0].is_array:
        index = parts[0].wrapped.index_of(0)
    if index is not None:
        rows.insert(1, ("index", str(index)))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
    if not parts[0].is_array and len(parts) == 1:
        for line in attempts(parts[0].detail):
            print(line)
        return
    if len(parts) <= GRID_PARTS_MAX:
        print()
        _grids(batch, parts)
    show_failed(batch, [part.detail for part in parts], place, sys.stdout)


def _grids(batch: Any, parts: list[Part]) -> None:
    """One of all children, also of an array that is several jobs."""
    every = [state for part in parts for state in states(batch, part)]
    numbers = [part.wrapped.index_of(child) for part in parts for child in range(part.size)]
    columns = shutil.get_terminal_size().columns
    for line in grid(every, numbers, columns, coloured=sys.stdout.isatty()):
        print(line)
