"""What was submitted in one go: a job, or the several that an array over 10,000 was split into."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from owari.cli.batch.wrapping import Wrapped, unwrap

TAG = "owari:submission"  # of each job: the same for all that belong together
PARTS_TAG = "owari:parts"  # how many those are
DESCRIBE_MAX = 100  # Batch API reference, DescribeJobs
LOOK_MAX = 5_000  # jobs looked through for one whose id begins so

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INDEX = re.compile(r"(.+):(\d{1,9})")

Json = dict[str, Any]


class NoJob(Exception):
    """What the user named is no job; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Part:
    """One job as AWS knows it."""

    detail: Json
    wrapped: Wrapped

    @property
    def id(self) -> str:
        return str(self.detail["jobId"])

    @property
    def is_array(self) -> bool:
        return "size" in self.detail.get("arrayProperties", {})

    @property
    def size(self) -> int:
        return int(self.detail.get("arrayProperties", {}).get("size", 1))

    @property
    def has_children(self) -> bool:
        """Also a plain job may be one: of an array of one, or alone of those that failed."""
        return self.is_array or bool(self.wrapped.size or self.wrapped.indexes)

    def child_id(self, child: int) -> str:
        return f"{self.id}:{child}" if self.is_array else self.id


def part_of(detail: Json) -> Part:
    return Part(detail, unwrap(detail.get("container", {}).get("command", [])))


def split_reference(text: str) -> tuple[str, int | None]:
    """JOB or JOB:INDEX, where JOB may be an ARN or `arn…:INDEX`."""
    text = text.rpartition(":job/")[2] if text.startswith("arn:") else text
    found = _INDEX.fullmatch(text)
    return (found[1], int(found[2])) if found else (text, None)


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def describe(batch: Any, ids: Sequence[str]) -> list[Json]:
    """JobDetails in the order of `ids`; what is not there is left out."""
    found: dict[str, Json] = {}
    for start in range(0, len(ids), DESCRIBE_MAX):
        answer = batch.describe_jobs(jobs=list(ids[start : start + DESCRIBE_MAX]))
        found |= {job["jobId"]: job for job in answer["jobs"]}
    return [found[id] for id in ids if id in found]


def submit(batch: Any, requests: Iterable[Json]) -> list[str]:
    """All of them or none: their ids. Raises ClientError."""
    ids: list[str] = []
    try:
        for request in requests:
            ids.append(batch.submit_job(**request)["jobId"])
    except BaseException:
        for id in ids:
            batch.terminate_job(jobId=id, reason="not all of its submission could be submitted")
        raise
    return ids


def find(batch: Any, reference: str) -> list[Part]:
    """The parts of the submission of a job: its id, the beginning of it, or its name.

    A name's newest job is meant. Raises NoJob.
    """
    id = reference if is_id(reference) else _looked_up(batch, reference)
    details = describe(batch, [id]) if id else []
    if not details:
        raise NoJob(f"there is no job {reference}")
    return [part_of(detail) for detail in _with_siblings(batch, details[0])]


def _with_siblings(batch: Any, detail: Json) -> list[Json]:
    tags = detail.get("tags", {})
    if int(tags.get(PARTS_TAG, "1")) == 1:
        return [detail]
    queue, name = detail["jobQueue"], detail["jobName"]
    ids = [job["jobId"] for job in _listed(batch, queue, "JOB_NAME", name)]
    every = [d for d in describe(batch, ids) if d.get("tags", {}).get(TAG) == tags[TAG]]
    return sorted(every, key=lambda d: part_of(d).wrapped.first)


def _looked_up(batch: Any, reference: str) -> str:
    """Empty when there is none. An id's beginning has at least four characters."""
    named = [job for q in queues(batch) for job in _listed(batch, q, "JOB_NAME", reference)]
    named = [job for job in named if job["jobName"] == reference]
    if named:
        return str(max(named, key=lambda job: job["createdAt"])["jobId"])
    if len(reference) < 4 or not set(reference) <= set("0123456789abcdef-"):
        return ""
    begun = {j["jobId"] for j in every_job(batch, LOOK_MAX) if j["jobId"].startswith(reference)}
    if len(begun) > 1:
        raise NoJob(f"several jobs' ids begin with {reference}: {', '.join(sorted(begun)[:5])}")
    return begun.pop() if begun else ""


def queues(batch: Any) -> list[str]:
    pages = batch.get_paginator("describe_job_queues").paginate()
    return [queue["jobQueueArn"] for page in pages for queue in page["jobQueues"]]


def every_job(batch: Any, most: int) -> list[Json]:
    """JobSummaries of all queues, the newest first."""
    found: list[Json] = []
    for queue in queues(batch):
        listed = _listed(batch, queue, "AFTER_CREATED_AT", "0")
        found += [job | {"jobQueue": queue} for _, job in zip(range(most), listed, strict=False)]
    return sorted(found, key=lambda job: job["createdAt"], reverse=True)[:most]


def _listed(batch: Any, queue: str, name: str, value: str) -> Iterator[Json]:
    """With a filter, ListJobs gives jobs of every status, the newest first."""
    pages = batch.get_paginator("list_jobs").paginate(
        jobQueue=queue, filters=[{"name": name, "values": [value]}]
    )
    for page in pages:
        yield from page["jobSummaryList"]


def place_of(parts: Sequence[Part], index: int) -> tuple[Part, int]:
    """The part and the child whose program sees that number. Raises NoJob."""
    for part in parts:
        child = part.wrapped.child_of(index)
        if child is not None and 0 <= child < part.size and part.has_children:
            return part, child
    raise NoJob(f"job {parts[0].id} has no child {index}")
