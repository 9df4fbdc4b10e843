"""Waiting for the end of a job, for other services: Step Functions' `.sync`.

Nobody polls. A service that wants to know emits

    Wake({"jobId": id, "reply": [service, topic, key]}, reply_to=ReplyTo("batch", "watch", id))

and its own reaction `(service, topic)` is run with `key` once the job has ended (at once if it has,
or if there is no such job): `report.result` is `{"jobId", "status", "job"}`, where `job` is what
DescribeJobs shows (`None`, with status `""`, when there is no such job).
"""

from __future__ import annotations

from typing import Any

from owari.effects import ReplyTo, Report, Wake
from owari.services.batch.book import Book
from owari.services.batch.describing import job_detail
from owari.services.batch.looking import unit_of
from owari.services.batch.names import parse_job_id
from owari.services.batch.records import ITSELF, Job
from owari.store.tx import Tx
from owari.wire.operation import reaction


@reaction("batch", "watch")
def on_watch(tx: Tx, report: Report) -> None:
    assert report.result is not None
    service, topic, key = report.result["reply"]
    reference = report.result["jobId"]
    book = Book(tx)
    id = parse_job_id(reference)
    job = book.job(tx.account, tx.region, id.id) if id else None
    if job is None or job.has_ended:
        _tell(tx, ReplyTo(service, topic, key), _ending(book, job, reference))
        return
    tx.run(
        "INSERT INTO batch_watcher (account, region, job, service, topic, key)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        *job.key, service, topic, key,
    )  # fmt: skip


def tell_watchers(book: Book, job: Job) -> None:
    """The job has ended, all of it."""
    key = "account = ? AND region = ? AND job = ?"
    watchers = book.tx.all(f"SELECT service, topic, key FROM batch_watcher WHERE {key}", *job.key)
    if not watchers:
        return
    ending = _ending(book, job, job.id)
    for watcher in watchers:
        _tell(book.tx, ReplyTo(*watcher), ending)
    book.tx.run(f"DELETE FROM batch_watcher WHERE {key}", *job.key)


def _ending(book: Book, job: Job | None, reference: str) -> dict[str, Any]:
    if job is None:
        return {"jobId": reference, "status": "", "job": None}
    unit = None if job.is_array else unit_of(book, job, ITSELF)
    detail = job_detail(job, unit, book.tx.resources.tags(job.arn))
    return {"jobId": job.id, "status": job.status, "job": detail}


def _tell(tx: Tx, to: ReplyTo, ending: dict[str, Any]) -> None:
    tx.emit(Wake(ending), reply_to=to)
