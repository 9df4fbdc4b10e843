"""The children of array jobs, read in as few calls as their states allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from owari.cli.batch.counts import STATES
from owari.cli.batch.submission import Part

Json = dict[str, Any]

LIST_PAGE = 1000


def listed(batch: Any, part: Part, state: str) -> Iterator[Json]:
    """JobSummaries of an array's children in that state."""
    pages = batch.get_paginator("list_jobs").paginate(
        arrayJobId=part.id, jobStatus=state, PaginationConfig={"PageSize": LIST_PAGE}
    )
    for page in pages:
        yield from page["jobSummaryList"]


def states(batch: Any, part: Part) -> list[str]:
    """Of each child. The state that most are in is not listed: it is that of the others."""
    if not part.is_array:
        return [part.detail["status"]]
    summary = part.detail["arrayProperties"]["statusSummary"]
    most = max(STATES, key=lambda state: summary.get(state, 0))
    found = [most] * part.size
    for state in STATES:
        if state != most and summary.get(state):
            for child in listed(batch, part, state):
                found[child["arrayProperties"]["index"]] = state
    return found


def failed(batch: Any, part: Part) -> list[int]:
    """Numbers of the children that failed; of a plain job [0] if it did."""
    if not part.is_array:
        return [0] if part.detail["status"] == "FAILED" else []
    if not part.detail["arrayProperties"]["statusSummary"].get("FAILED"):
        return []
    return sorted(c["arrayProperties"]["index"] for c in listed(batch, part, "FAILED"))


def first_failed(batch: Any, parts: Sequence[Part], most: int) -> Iterator[tuple[str, Json]]:
    """(what to call it, JobSummary or JobDetail) of some that failed."""
    left = most
    for part in parts:
        if not part.is_array:
            whole = [(label(parts, part, 0), part.detail)]
            found = whole if part.detail["status"] == "FAILED" else []
        elif part.detail["arrayProperties"]["statusSummary"].get("FAILED"):
            some = zip(range(left), listed(batch, part, "FAILED"), strict=False)
            found = [(label(parts, part, c["arrayProperties"]["index"]), c) for _, c in some]
        else:
            found = []
        yield from found[:left]
        left -= len(found[:left])
        if left <= 0:
            return


def label(parts: Sequence[Part], part: Part, child: int) -> str:
    """JOB:INDEX with the number its program sees, as `owari job` and `owari logs` take it."""
    if not part.has_children:
        return part.id
    return f"{parts[0].id}:{part.wrapped.index_of(child)}"


def why(job: Json) -> str:
    """`exit 3`, or the reason it ended for, of a JobSummary or JobDetail."""
    container = job.get("container", {})
    words = []
    if "exitCode" in container:
        words.append(f"exit {container['exitCode']}")
    reason = container.get("reason") or job.get("statusReason", "")
    if reason and not (words and reason.startswith("Essential container")):
        words.append(reason)
    return ": ".join(words) or job["status"]
