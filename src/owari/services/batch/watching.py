"""Waiting for the end of a job, for other services: Step Functions' `.sync`.

What is meant is told as the parameters of DescribeJobs, for one job: see store/watching.py.
"""

from __future__ import annotations

from typing import Any

from owari.effects import ReplyTo, Report
from owari.services.batch.book import Book
from owari.services.batch.describing import job_detail
from owari.services.batch.looking import unit_of
from owari.services.batch.names import parse_job_id
from owari.services.batch.records import ITSELF, Job
from owari.store.tx import Tx
from owari.store.watching import WATCH, answer, asked
from owari.wire.operation import reaction


@reaction("batch", WATCH)
def on_watch(tx: Tx, report: Report) -> None:
    params, reply = asked(report)
    book = Book(tx)
    id = parse_job_id(params["jobs"][0])
    job = book.job(tx.account, tx.region, id.id) if id else None
    if job is None or job.has_ended:
        answer(tx, reply, _shown(book, job))
        return
    tx.run(
        "INSERT INTO batch_watcher (account, region, job, service, topic, key)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        *job.key, reply.service, reply.topic, reply.key,
    )  # fmt: skip


def tell_watchers(book: Book, job: Job) -> None:
    """The job has ended, all of it."""
    key = "account = ? AND region = ? AND job = ?"
    watchers = book.tx.all(f"SELECT service, topic, key FROM batch_watcher WHERE {key}", *job.key)
    if not watchers:
        return
    shown = _shown(book, job)
    for watcher in watchers:
        answer(book.tx, ReplyTo(*watcher), shown, account=job.account, region=job.region)
    book.tx.run(f"DELETE FROM batch_watcher WHERE {key}", *job.key)


def _shown(book: Book, job: Job | None) -> dict[str, Any]:
    """What DescribeJobs shows."""
    if job is None:
        return {"jobs": []}
    unit = None if job.is_array else unit_of(book, job, ITSELF)
    return {"jobs": [job_detail(job, unit, book.tx.resources.tags(job.arn))]}
