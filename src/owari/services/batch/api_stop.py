"""CancelJob, TerminateJob, and their forms for many jobs at once.

A job that is not there counts as stopped. The reference says so of the forms for many jobs, and
AWS answers the others so, too.
"""

from __future__ import annotations

from collections.abc import Callable

from owari.services.batch.book import Book
from owari.services.batch.faults import client
from owari.services.batch.lookup import existing_job
from owari.services.batch.names import JobId
from owari.services.batch.records import Job
from owari.services.batch.stopping import cancel, terminate
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

Act = Callable[[Book, Job, JobId, str], None]

JOBS_MAX = 50
REASON_MAX = 1024


@operation("batch", "CancelJob")
def cancel_job(tx: Tx, p: Params) -> Result:
    _one(tx, p["jobId"], p["reason"], cancel)
    return {}


@operation("batch", "TerminateJob")
def terminate_job(tx: Tx, p: Params) -> Result:
    _one(tx, p["jobId"], p["reason"], terminate)
    return {}


@operation("batch", "CancelJobs")
def cancel_jobs(tx: Tx, p: Params) -> Result:
    return _many(tx, p, cancel)


@operation("batch", "TerminateJobs")
def terminate_jobs(tx: Tx, p: Params) -> Result:
    return _many(tx, p, terminate)


def _one(tx: Tx, reference: str, reason: str, act: Act) -> None:
    if not reference:
        raise client("'jobId' is a required field (cannot be an empty string)")
    _check_reason(reason)
    book = Book(tx)
    found = existing_job(book, reference)
    if found is not None:
        act(book, *found, reason)
    book.close()


def _check_reason(reason: str) -> None:
    if not reason:
        raise client("'reason' is a required field (cannot be an empty string)")
    if len(reason) > REASON_MAX:
        raise client(f"reason must have at most {REASON_MAX} characters.")


def _many(tx: Tx, p: Params, act: Act) -> Result:
    if not 1 <= len(p["jobs"]) <= JOBS_MAX:
        raise client(f"jobs must contain between 1 and {JOBS_MAX} jobs.")
    for reference in p["jobs"]:
        _one(tx, reference, p["reason"], act)
    return {"successful": p["jobs"], "errors": []}
