"""Who waits for whom: releasing what may run, failing what never can.

Facts travel along dependencies in a worklist: a unit ended, or many units of a job at once. A
whole-job dependency counts down `waiting_on`; N_TO_N and SEQUENTIAL look only at the child that
the fact is about, so they cost O(ready), not O(array).

Source: Batch user guide, "Job dependencies" and "Array jobs".
"""

from __future__ import annotations

import json
from collections import deque
from functools import lru_cache
from typing import Any

from owari.services.batch.book import Book
from owari.services.batch.children import chunk_count
from owari.services.batch.core import (
    CHILD_FAILED,
    FAILURES,
    ORPHANED,
    PENDING,
    RUNNABLE,
    SUCCEEDED,
)
from owari.services.batch.events import announce
from owari.services.batch.records import Job
from owari.services.batch.watching import tell_watchers

N_TO_N, WHOLE = "N_TO_N", "JOB"
Fact = tuple[Job, int | None]  # None: many units at once


def settle(book: Book, job: Job, index: int | None) -> None:
    """A unit of the job ended (or, None, many): do all that follows from it."""
    facts: deque[Fact] = deque([(job, index)])
    while facts:
        job, index = facts.popleft()
        if job.is_array:
            facts.extend(_children_follow(book, job, index))
        if job.has_ended and job.stopped is None:
            facts.extend(_conclude(book, job))


def release(book: Book, job: Job) -> None:
    """Nothing that the whole job depends on is left: what may run becomes runnable."""
    if needs_of_children(job) == ((), False):
        if book.move_all(job, PENDING, RUNNABLE):
            announce(book, job)
    elif reconcile(book, job):
        settle(book, job, None)


def needs_of_children(job: Job) -> tuple[tuple[str, ...], bool]:
    """(ids that children depend on N_TO_N, do they run one after another)."""
    return _needs(job.body) if job.is_array else ((), False)


@lru_cache(maxsize=256)
def _needs(body: str) -> tuple[tuple[str, ...], bool]:
    depends: list[dict[str, Any]] = json.loads(body)["depends"]
    upstream = tuple(d["jobId"] for d in depends if d.get("type") == N_TO_N)
    sequential = any(d.get("type") == "SEQUENTIAL" and "jobId" not in d for d in depends)
    return upstream, sequential


def _children_follow(book: Book, job: Job, index: int | None) -> list[Fact]:
    """What the children that ended mean for other children; returns what failed by it."""
    failed: list[Fact] = []
    for follower in _followers(book, job, N_TO_N):
        if index is None:
            if reconcile(book, follower):
                failed.append((follower, None))
        elif _follow(book, follower, index):
            failed.append((follower, index))
    if job.rest == PENDING or job.pending:
        _, sequential = needs_of_children(job)
        if sequential and index is not None and index + 1 < job.size:
            if book.state(job, index) in FAILURES:
                book.move_all(job, PENDING, ORPHANED)
                failed.append((job, None))
            else:
                _follow(book, job, index + 1)
    return failed


def _follow(book: Book, job: Job, index: int) -> bool:
    """Look at one pending child again. True when it failed."""
    if book.state(job, index) != PENDING:
        return False
    verdict = _verdict(book, job, index)
    if verdict is not None:
        book.move(job, index, verdict)
    return verdict == ORPHANED


def reconcile(book: Book, job: Job) -> bool:
    """Look at every pending child again. True when any failed."""
    upstream, sequential = needs_of_children(job)
    if sequential and not upstream:
        return _follow(book, job, 0)
    others = [book.job(job.account, job.region, id) for id in upstream]
    if any(other and not other.succeeded and not other.failed for other in others):
        return False
    failed = False
    for number in range(chunk_count(job.size)):
        chunk = book.peek(job, number)
        pending = chunk.states.count(PENDING.encode()) if chunk else job.rest == PENDING
        if pending:
            for index in list(book.chunk(job, number).indexes(PENDING)):
                failed = _follow(book, job, index) or failed
    return failed


def _verdict(book: Book, job: Job, index: int) -> str | None:
    """Runnable, orphaned, or None: it waits on."""
    upstream, sequential = needs_of_children(job)
    states = []
    for id in upstream:
        other = book.job(job.account, job.region, id)
        states.append(book.state(other, index) if other else SUCCEEDED)
    if sequential and index > 0:
        states.append(book.state(job, index - 1))
    if any(state in FAILURES for state in states):
        return ORPHANED
    if job.waiting_on == 0 and all(state == SUCCEEDED for state in states):
        return RUNNABLE
    return None


def _conclude(book: Book, job: Job) -> list[Fact]:
    """All its units have ended: tell those who wait for the whole of it."""
    job.stopped = book.tx.now if job.stopped is None else job.stopped
    if job.is_array and job.failed:
        job.reason = job.terminate_reason or job.cancel_reason or _array_reason(book, job)
    book.touch(job)
    announce(book, job)
    tell_watchers(book, job)
    failed: list[Fact] = []
    for follower in _followers(book, job, WHOLE):
        if job.failed:
            if book.move_all(follower, PENDING, ORPHANED):
                follower.reason = follower.reason_of(ORPHANED)
                failed.append((follower, None))
        else:
            follower.waiting_on -= 1
            book.touch(follower)
            if follower.waiting_on == 0:
                release(book, follower)
    if job.followers:
        book.tx.run(
            "DELETE FROM batch_dependency WHERE account = ? AND region = ? AND upstream = ?",
            *job.key,
        )
    return failed


def _array_reason(book: Book, job: Job) -> str:
    """Its children failed, or what it depended on did before any of them ran."""
    started = job.started is not None
    return CHILD_FAILED if started or job.rest != ORPHANED else job.reason_of(ORPHANED)


def _followers(book: Book, job: Job, kind: str) -> list[Job]:
    if not job.followers:
        return []
    rows = book.tx.all(
        "SELECT job FROM batch_dependency"
        " WHERE account = ? AND region = ? AND upstream = ? AND kind = ? ORDER BY job",
        *job.key, kind,
    )  # fmt: skip
    found = (book.job(job.account, job.region, row["job"]) for row in rows)
    return [follower for follower in found if follower is not None]
