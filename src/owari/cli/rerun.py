"""`owari rerun`: run a job that ended once more, or only those of its children that failed."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from typing import Any

from owari.cli.batch.children import failed
from owari.cli.batch.errors import told
from owari.cli.batch.following import INTERRUPTED, follow, goes_on
from owari.cli.batch.outcome import as_json, exit_status, show_failed
from owari.cli.batch.rerunning import request
from owari.cli.batch.submission import (
    PARTS_TAG,
    TAG,
    NoJob,
    Part,
    find,
    place_of,
    split_reference,
    submit,
)
from owari.cli.client import connect
from owari.cli.find import place


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run a job that ended once more, as a new job. Each child sees the"
        " AWS_BATCH_JOB_ARRAY_INDEX, AWS_BATCH_JOB_ARRAY_SIZE and OWARI_ITEM it had, also when only"
        " the failed ones run; the image must have sh."
    )
    parser.add_argument(
        "job", metavar="JOB[:INDEX]", help="an id, its beginning, or a name; of an array, a child"
    )
    parser.add_argument("--failed", action="store_true", help="only the children that failed")
    parser.add_argument("-f", "--follow", action="store_true", help="watch it until it has ended")
    parser.add_argument("--json", action="store_true", help="print what comes of it as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit status 1 if it was not submitted or, followed, a child failed; 130 after Ctrl-C."""
    return told("rerun", _rerun, args)


def _rerun(args: argparse.Namespace) -> int:
    batch = connect(args, "batch")
    reference, index = split_reference(args.job)
    made = _requests(batch, find(batch, reference), index, args.failed)
    if not made:
        none = f"no child of {args.job} failed" if index is None else f"{args.job} did not fail"
        print(f"owari rerun: {none}", file=sys.stderr)
        return 0
    tags = {TAG: str(uuid.uuid4()), PARTS_TAG: str(len(made))}
    ids = submit(batch, (request | {"tags": request.get("tags", {}) | tags} for request in made))
    name = made[0]["jobName"]
    size = sum(r.get("arrayProperties", {}).get("size", 1) for r in made)
    if not args.follow:
        shown = {"name": name, "jobId": ids[0], "jobIds": ids, "size": size}
        print(json.dumps(shown, indent=2) if args.json else ids[0])
        return 0
    try:
        print(f"{name}  {ids[0]}  {size} again", file=sys.stderr)
        details = follow(batch, ids, name)
    except KeyboardInterrupt:
        goes_on("owari rerun", ids[0], place(args), sys.stderr)
        return INTERRUPTED
    if args.json:
        print(json.dumps(as_json(details), indent=2))
    show_failed(batch, details, place(args), sys.stderr)
    return exit_status(details)


def _requests(
    batch: Any, parts: list[Part], index: int | None, only_failed: bool
) -> list[dict[str, Any]]:
    """Raises NoJob while any of it has not ended: it could still fail, or run twice at once."""
    asked = [(part, list(range(part.size))) for part in parts]
    if index is not None:
        part, child = place_of(parts, index)
        asked = [(part, [child])]
    for part, _ in asked:
        if part.detail["status"] not in ("SUCCEEDED", "FAILED"):
            raise NoJob(f"{part.id} has not ended yet (owari job {part.id} --follow)")
    if only_failed:
        asked = [
            (part, sorted(set(children) & set(failed(batch, part)))) for part, children in asked
        ]
    return [request(part, children) for part, children in asked if children]
