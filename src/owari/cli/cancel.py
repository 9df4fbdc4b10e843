"""`owari cancel`: take back what has not started; with --terminate also end what runs."""

from __future__ import annotations

import argparse
import json
from typing import Any

from owari.cli.batch.counts import counts_of
from owari.cli.batch.errors import told
from owari.cli.batch.outcome import as_json
from owari.cli.batch.submission import describe, find, place_of, split_reference
from owari.cli.client import connect


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "job", metavar="JOB[:INDEX]", help="an id, its beginning, or a name; of an array, a child"
    )
    parser.add_argument(
        "--terminate", action="store_true", help="end what runs, too: SIGTERM, 30 s later SIGKILL"
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="for the record")
    parser.add_argument("--json", action="store_true", help="print how it stands then as JSON")


def run(args: argparse.Namespace) -> int:
    return told("cancel", _cancel, args)


def _cancel(args: argparse.Namespace) -> int:
    batch = connect(args, "batch")
    reference, index = split_reference(args.job)
    found = find(batch, reference)
    ids = [part.id for part in found]
    if index is not None:
        part, child = place_of(found, index)
        ids = [part.child_id(child)]
    verb = "terminated" if args.terminate else "cancelled"
    act = batch.terminate_job if args.terminate else batch.cancel_job
    for id in ids:
        act(jobId=id, reason=args.reason or f"{verb} by owari cancel")
    details = describe(batch, ids)
    print(json.dumps(as_json(details), indent=2) if args.json else _text(args, details))
    return 0


def _text(args: argparse.Namespace, details: list[dict[str, Any]]) -> str:
    counts = counts_of(details)
    name = f"{details[0]['jobName']}  {details[0]['jobId']}"
    words = [f"{counts.ended} of {counts.total} ended"]
    if counts.running:
        words.append(f"{counts.running} still running")
        if not args.terminate:
            words[-1] += " (--terminate ends them)"
    return f"{name}: {', '.join(words)}"
