"""CancelJob, TerminateJob, and their forms for many jobs at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.errors import ServiceError
from owari.services.batch.book import Book
from owari.services.batch.faults import client
from owari.services.batch.lookup import needed_job
from owari.services.batch.names import JobId
from owari.services.batch.records import Job
from owari.services.batch.stopping import cancel, terminate
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

Act = Callable[[Book, Job, JobId, str], None]

JOBS_MAX = 100


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
    book = Book(tx)
    job, id = needed_job(book, reference)
    act(book, job, id, reason)
    book.close()


def _many(tx: Tx, p: Params, act: Act) -> Result:
    """Each for itself: one that is not there does not keep the others from being stopped."""
    if not 1 <= len(p["jobs"]) <= JOBS_MAX:
        raise client(f"jobs must contain between 1 and {JOBS_MAX} jobs.")
    successful: list[str] = []
    errors: list[dict[str, Any]] = []
    for reference in p["jobs"]:
        try:
            _one(tx, reference, p["reason"], act)
            successful.append(reference)
        except ServiceError as error:
            errors.append({"job": reference, "code": error.code, "message": error.message})
    return {"successful": successful, "errors": errors}
