"""Cancelling and terminating: jobs, arrays, and single children.

CancelJob takes back what has not started and leaves alone what has. TerminateJob also stops what
runs; its attempt is not retried. Source: Batch API reference, CancelJob and TerminateJob.
"""

from __future__ import annotations

from owari.effects import ReplyTo, Report, Wake
from owari.services.batch.book import Book
from owari.services.batch.core import CANCELLED, FAILED, TERMINATED, WAITING
from owari.services.batch.deciding import first_task
from owari.services.batch.depending import settle
from owari.services.batch.names import JobId
from owari.services.batch.overdue import action_for, due_at
from owari.services.batch.records import ITSELF, Job, Task
from owari.services.batch.running import RESTOP_FIRST_S, RESTOP_S, stop_again, stop_attempt
from owari.services.batch.snapshot import mark_dirty
from owari.store.tx import Tx
from owari.wire.operation import reaction


def cancel(book: Book, job: Job, id: JobId, reason: str) -> None:
    """What of it has not started fails with this reason."""
    if id.child is not None:
        _withdraw_child(book, job, id.child, reason)
    elif job.is_array or job.rest in WAITING:
        if not job.has_ended:
            job.cancel_reason = reason
        _withdraw(book, job, CANCELLED)
    mark_dirty(book.tx)


def terminate(book: Book, job: Job, id: JobId, reason: str) -> None:
    """Nothing of it goes on; what runs is stopped, and fails once it has ended."""
    if id.child is not None:
        if not _withdraw_child(book, job, id.child, reason):
            task = book.task(job, id.child)
            if task is not None and task.live:
                _stop(book, job, task, reason)
    elif not job.has_ended:
        job.terminate_reason = reason
        book.touch(job)
        _withdraw(book, job, TERMINATED)  # first: a place that is left must go to none of them
        for task in book.live_tasks(job):
            _stop(book, job, task, reason)
    mark_dirty(book.tx)


def _withdraw(book: Book, job: Job, to: str) -> None:
    if book.move_all(job, WAITING, to):
        if not job.is_array:
            job.reason = job.reason_of(to)
        settle(book, job, None if job.is_array else ITSELF)


def _withdraw_child(book: Book, job: Job, index: int, reason: str) -> bool:
    """One child of an array gets a row that says why. False when it was not waiting."""
    if book.state(job, index) not in WAITING:
        return False
    task = book.task(job, index) or first_task(job, index)
    task.reason, task.stopped = reason, book.tx.now
    book.save(task)
    book.move(job, index, FAILED)
    settle(book, job, index)
    return True


def _stop(book: Book, job: Job, task: Task, reason: str) -> None:
    tx = book.tx
    stop_attempt(book, job, task, reason)
    if task.live:
        tx.emit(
            Wake({"job": job.id, "index": task.idx, "attempt": task.attempt}),
            due=tx.now + RESTOP_FIRST_S,
            reply_to=ReplyTo("batch", "stop", job.id),
            account=job.account,
            region=job.region,
        )


@reaction("batch", "stop")
def on_still_running(tx: Tx, report: Report) -> None:
    """A stopped attempt has not ended yet: say it again, whoever died meanwhile."""
    assert report.result is not None
    book = Book(tx)
    job = book.job(tx.account, tx.region, report.result["job"])
    task = book.task(job, report.result["index"]) if job else None
    if task is None or not task.live or task.attempt != report.result["attempt"]:
        return
    stop_again(book, task)
    tx.again(report, due=tx.now + RESTOP_S)


@reaction("batch", "overdue")
def on_overdue(tx: Tx, report: Report) -> None:
    """A job has been RUNNABLE for a reason longer than its queue lets it, perhaps."""
    book = Book(tx)
    job = book.job(tx.account, tx.region, report.key)
    action = action_for(tx, job) if job is not None and job.runnable else None
    if job is None or action is None:
        return
    if due_at(job, action) > tx.now:  # some of it started meanwhile
        tx.again(report, due=due_at(job, action))
        return
    text = f"Canceled by JobStateTimeLimit action due to reason: {action['reason']}"
    cancel(book, job, JobId(job.id), text)
    book.close()
