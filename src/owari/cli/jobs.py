"""`owari jobs`: the jobs of all queues, the newest first."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from owari.cli.batch import units
from owari.cli.batch.counts import STATES, counts_of
from owari.cli.batch.errors import told
from owari.cli.batch.outcome import iso
from owari.cli.batch.submission import LOOK_MAX, every_job
from owari.cli.client import connect
from owari.cli.workflow.notes import length

NAME_MAX = 40
HEAD: tuple[str, ...] = ("JOB", "NAME", "STATUS", "DONE", "FAILED", "TOOK", "CREATED")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--status", type=str.upper, choices=STATES, metavar="STATUS", help=", ".join(STATES)
    )
    parser.add_argument(
        "--limit", type=units.positive, default=50, metavar="N", help="at most (default: 50)"
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON")


def run(args: argparse.Namespace) -> int:
    return told("jobs", _jobs, args)


def _jobs(args: argparse.Namespace) -> int:
    batch = connect(args, "batch")
    found = every_job(batch, LOOK_MAX if args.status else args.limit)
    found = [job for job in found if args.status in (None, job["status"])][: args.limit]
    if args.json:
        print(json.dumps([as_json(job) for job in found], indent=2))
    elif found:
        print("\n".join(table(found, time.time() * 1000)))
    else:
        print("no jobs" if args.status is None else f"no jobs are {args.status}")
    return 0


def as_json(job: dict[str, Any]) -> dict[str, Any]:
    """A JobSummary with its times in words and its children counted."""
    times = {k: iso(job[k]) for k in ("createdAt", "startedAt", "stoppedAt") if job.get(k)}
    return job | times


def table(jobs: list[dict[str, Any]], now: float) -> list[str]:
    """`now` in milliseconds since 1970."""
    rows = [HEAD, *(_row(job, now) for job in jobs)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _row(job: dict[str, Any], now: float) -> tuple[str, ...]:
    counts = counts_of([job])
    array = "size" in job.get("arrayProperties", {})
    done = f"{counts.ended}/{counts.total}" if array else ""
    failed = str(counts.of("FAILED")) if array and counts.of("FAILED") else ""
    took = ""
    if job.get("startedAt"):
        took = length(max(0.0, ((job.get("stoppedAt") or now) - job["startedAt"]) / 1000))
    name = job["jobName"]
    name = name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…"
    ago = length(max(0.0, (now - job["createdAt"]) / 1000)) + " ago"
    return job["jobId"], name, job["status"], done, failed, took, ago
