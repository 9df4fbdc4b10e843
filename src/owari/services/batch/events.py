"""Job state change events: the one place where they leave.

Source: Batch user guide, "AWS Batch job state change events".
"""

from __future__ import annotations

from typing import Any

from owari.services.batch.book import Book
from owari.services.batch.describing import job_detail
from owari.services.batch.looking import unit_of
from owari.services.batch.records import ITSELF, Job
from owari.store import bus


def announce(book: Book, job: Job, index: int = ITSELF) -> None:
    """The status of the job, or of this child of the array, changed.

    What only passed in bulk (ten thousand children cancelled at once) is told by the array's own
    event.
    """
    tx = book.tx
    alone = not job.is_array or index != ITSELF

    def detail() -> dict[str, Any]:
        unit = unit_of(book, job, index) if alone else None
        return job_detail(job, unit, tx.resources.tags(job.arn))

    bus.announce(
        tx,
        "aws.batch",
        "Batch Job State Change",
        detail,
        resources=[job.arn if index == ITSELF else f"{job.arn}:{index}"],
        account=job.account,
        region=job.region,
    )
