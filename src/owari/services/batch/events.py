"""Job state change and job queue blocked events: the one place where they leave.

Source: Batch user guide, "AWS Batch EventBridge events".
"""

from __future__ import annotations

from typing import Any

from owari.services.batch.book import Book
from owari.services.batch.describing import job_detail
from owari.services.batch.looking import unit_of
from owari.services.batch.names import QUEUE, batch_arn
from owari.services.batch.records import ITSELF, Job
from owari.store import bus


def announce(book: Book, job: Job, index: int = ITSELF) -> None:
    """The status of the job, or of this child of the array, changed.

    What only passed in bulk (ten thousand children cancelled at once) is told by the array's own
    event.
    """
    arn = job.arn if index == ITSELF else f"{job.arn}:{index}"
    _announce(book, job, index, "Batch Job State Change", [arn])


def announce_blocked(book: Book, job: Job) -> None:
    """The job is the first of its queue that waits, and cannot run unless something is changed.

    A queue whose machines are merely busy is not blocked.
    """
    queue = batch_arn(job.account, job.region, QUEUE, job.queue)
    _announce(book, job, ITSELF, "Batch Job Queue Blocked", [job.arn, queue])


def _announce(book: Book, job: Job, index: int, detail_type: str, resources: list[str]) -> None:
    tx = book.tx
    alone = not job.is_array or index != ITSELF

    def detail() -> dict[str, Any]:
        unit = unit_of(book, job, index) if alone else None
        return job_detail(job, unit, tx.resources.tags(job.arn))

    bus.announce(
        tx,
        "aws.batch",
        detail_type,
        detail,
        resources=resources,
        account=job.account,
        region=job.region,
    )
