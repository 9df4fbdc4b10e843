"""What became of jobs that ended: exit status, JSON, and the children that failed with why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from owari.cli.batch.children import first_failed, why
from owari.cli.batch.counts import counts_of
from owari.cli.batch.submission import part_of

SHOWN_MAX = 5

Json = dict[str, Any]


def exit_status(details: Sequence[Json]) -> int:
    """1 if any child failed."""
    return 1 if counts_of(details).of("FAILED") else 0


def as_json(details: Sequence[Json]) -> Json:
    """Of one submission: its jobs' ids, its state and counts."""
    counts = counts_of(details)
    found: Json = {
        "name": details[0]["jobName"],
        "jobId": details[0]["jobId"],
        "jobIds": [job["jobId"] for job in details],
        "status": status(details),
        "size": counts.total,
        "succeeded": counts.of("SUCCEEDED"),
        "failed": counts.of("FAILED"),
        "running": counts.running,
        "createdAt": iso(min(job["createdAt"] for job in details)),
    }
    started = [job["startedAt"] for job in details if job.get("startedAt")]
    stopped = [job["stoppedAt"] for job in details if job.get("stoppedAt")]
    if started:
        found["startedAt"] = iso(min(started))
    if len(stopped) == len(details):
        found["stoppedAt"] = iso(max(stopped))
    return found


def status(details: Sequence[Json]) -> str:
    """Of them together, as an array's is derived from its children's."""
    states = {job["status"] for job in details}
    if len(states) == 1:
        return str(states.pop())
    if states <= {"SUCCEEDED", "FAILED"}:
        return "FAILED"
    return "RUNNING" if states & {"RUNNING", "STARTING", "SUCCEEDED", "FAILED"} else "PENDING"


def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def show_failed(batch: Any, details: Sequence[Json], place: str, out: TextIO) -> None:
    """Some of the children that failed, and what can be done about them (`place`: find.py)."""
    failed = counts_of(details).of("FAILED")
    if not failed:
        return
    parts = [part_of(detail) for detail in details]
    shown = list(first_failed(batch, parts, SHOWN_MAX))
    for label, job in shown:
        print(f"  {label}  {why(job)}", file=out)
    if failed > len(shown):
        print(f"  … and {failed - len(shown)} more", file=out)
    ran = next((label for label, job in shown if "exitCode" in job.get("container", {})), None)
    if ran is not None:
        print(f"  its output:  owari logs {ran}{place}", file=out)
    print(f"  run again:   owari rerun {details[0]['jobId']} --failed{place}", file=out)
