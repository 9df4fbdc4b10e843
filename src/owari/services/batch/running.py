"""An attempt under way: prepared when its run is due, told to be running, and ended.

Everything that follows from the end of an attempt commits with it: the retry, the end of the job,
what depends on it, and the wish for another decision of the scheduler.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from owari.effects import ITEM_REPORT, OF_RUN, DueRun, Report
from owari.services.batch.attempts import attempt_detail, ending
from owari.services.batch.book import Book
from owari.services.batch.core import (
    ENDED,
    FAILED,
    LIVE,
    RUNNABLE,
    RUNNING,
    STARTING,
    state_after,
)
from owari.services.batch.core import SUCCEEDED as SUCCEEDED_STATE
from owari.services.batch.deciding import spec_of_part, start_part
from owari.services.batch.depending import settle
from owari.services.batch.events import announce
from owari.services.batch.handover import hand_over, one_less
from owari.services.batch.parts import OVER, RUNS, STARTED, WAITS, Part, advance, load, main_node
from owari.services.batch.records import Job, Stretch, Task
from owari.services.batch.stretches import prepare_stretch, succeeded, unended
from owari.store import outbox
from owari.store.encode import dumps
from owari.store.secrets import SecretsMissing
from owari.store.tx import Tx
from owari.wire.operation import bulk_reaction, prepares, reaction

log = logging.getLogger("owari.batch")

THROTTLED_PAUSE_S = 1.0
RESTOP_FIRST_S = 5.0
RESTOP_S = 30.0


# ---- before
@prepares("batch")
def prepare_run(tx: Tx, due: DueRun) -> dict[str, Any] | None:
    """The spec, or None when the attempt is no longer wanted."""
    book = Book(tx)
    if "children" in due.payload:
        parent = book.job(tx.account, tx.region, due.payload["job"])
        return prepare_stretch(book, parent, due.effect_id) if parent else None
    found = _under_way(book, tx.account, tx.region, due.payload, due.effect_id)
    if found is None:
        return None
    job, task, _ = found
    number = due.payload["part"]
    try:
        return spec_of_part(tx, job, task, number)
    except SecretsMissing as missing:
        report = {"status": "failed", "reason": str(missing), "stopped_at": tx.now}
        _part_ended(book, job, task, number, report)
        book.close()
        return None


def _under_way(
    book: Book, account: str, region: str, where: dict[str, Any], run: str
) -> tuple[Job, Task, list[Part]] | None:
    """What a run belongs to; None when that attempt is over."""
    job = book.job(account, region, where["job"])
    task = book.task(job, where["index"]) if job else None
    if job is None or task is None or not task.live or task.attempt != where["attempt"]:
        return None
    parts = task.parts_now()
    part = parts[where["part"]]
    return (job, task, parts) if part.run == run and part.state != OVER else None


# ---- meanwhile
@reaction("batch", "started")
def on_started(tx: Tx, report: Report) -> None:
    """Compute started a run: `{"run_id", "attempt", "started_at"}`. Told at most once or never."""
    assert report.result is not None
    envelope = outbox.get(tx.connection, report.result["run_id"].partition(OF_RUN)[0])
    if envelope is None or envelope.attempt != report.result["attempt"]:
        return
    book = Book(tx)
    where = envelope.effect.payload  # type: ignore[union-attr]
    if "item" in report.result:
        where = {"job": where["job"], "index": report.result["item"], "attempt": 1, "part": 0}
    found = _under_way(book, envelope.account, envelope.region, where, report.result["run_id"])
    if found is None:
        return
    job, task, parts = found
    part = parts[where["part"]]
    if part.state != STARTED:
        return
    part.state, part.started = RUNS, float(report.result["started_at"])
    task.set_parts(parts)
    _runs(book, job, task, part.started)
    book.close()


def _runs(book: Book, job: Job, task: Task, started: float) -> None:
    """The first of its containers runs, so the unit does."""
    task.started = started if task.started is None else min(task.started, started)
    book.save(task)
    if book.state(job, task.idx) == STARTING:
        book.move(job, task.idx, RUNNING)
        if not job.is_array:
            job.started = task.started
        announce(book, job, task.idx)


# ---- the end
@bulk_reaction("batch", "ended")
def on_ended(tx: Tx, reports: Iterator[Report]) -> None:
    book = Book(tx)
    for report in reports:
        assert tx.ended is not None and report.result is not None, "a run reports"
        where: dict[str, Any] = tx.ended.effect.payload  # type: ignore[union-attr]
        if "children" in where:
            _stretch_reported(book, where["job"], report.effect_id, report.result)
            continue
        found = _under_way(book, tx.account, tx.region, where, report.effect_id)
        if found is None:
            continue
        if report.result["status"] == "throttled":  # the agent had no room after all
            tx.again(report, due=tx.now + THROTTLED_PAUSE_S)
            continue
        job, task, _ = found
        _part_ended(book, job, task, where["part"], report.result)
    book.close()


def _stretch_reported(book: Book, id: str, run: str, result: dict[str, Any]) -> None:
    """Some of its children ended, or (lost) all that are left."""
    job = book.job(book.tx.account, book.tx.region, id)
    stretch = book.stretch(job, run) if job else None
    if job is None or stretch is None:
        return
    for index, *end in result.get("ended", ()):
        _child_ended(book, job, stretch, index, dict(zip(ITEM_REPORT, end, strict=True)))
    if result["status"] == "lost":
        for index in list(unended(book, job, stretch)):
            _child_ended(book, job, stretch, index, {"status": "lost"})


def _child_ended(
    book: Book, job: Job, stretch: Stretch, index: int, report: dict[str, Any]
) -> None:
    if index not in stretch.children or book.state(job, index) not in LIVE:
        return
    if report["status"] == "ok" and not book.has_live_row(job, index):
        succeeded(book, job, index, report["started_at"], report["stopped_at"])
        one_less(book, job, stretch, report["stopped_at"] - report["started_at"])
        return
    task = book.task(job, index)
    if task is not None and task.live and task.stretch == stretch.run:
        _part_ended(book, job, task, 0, report)


def _part_ended(book: Book, job: Job, task: Task, number: int, report: dict[str, Any]) -> None:
    parts = task.parts_now()
    part = parts[number]
    part.state, part.status = OVER, str(report["status"])
    code = report.get("exit_code")
    part.exit_code = 0 if code is None and part.status == "ok" else code
    part.reason = str(report.get("reason") or report.get("message") or "")
    started = report.get("started_at")
    part.started = part.started if started is None else float(started)
    part.stopped = float(report.get("stopped_at") or book.tx.now)
    proceed(book, job, task, parts)


def proceed(book: Book, job: Job, task: Task, parts: list[Part]) -> None:
    """Start and stop what the states of the parts ask for; end the attempt when all are over."""
    body, shape = load(job.body)
    main = main_node(body)
    while True:
        if task.stop_reason is not None:
            for part in parts:
                part.state = OVER if part.state == WAITS else part.state
        todo = advance(shape, parts, main)
        for number in todo.start:
            start_part(book.tx, job, task, parts[number], number)
        stopped_at_once = [n for n in todo.stop if _stop_part(book.tx, parts[n], "stopped")]
        if not todo.start and not stopped_at_once:
            break
    task.set_parts(parts)
    book.save(task)
    if todo.over:
        _attempt_ended(book, job, task, parts)


def _stop_part(tx: Tx, part: Part, reason: str) -> bool:
    """True when it was over at once, because no agent had it."""
    part.told_to_stop = True
    if tx.stop(part.run, reason):
        return False
    tx.cancel(part.run, reason)
    part.state, part.status, part.stopped = OVER, "cancelled", tx.now
    return True


def stop_attempt(book: Book, job: Job, task: Task, reason: str) -> None:
    """Stop everything of a live attempt; it ends when all has."""
    task.stop_reason = reason
    parts = task.parts_now()
    for part in parts:
        if part.state in (STARTED, RUNS):
            _stop_part(book.tx, part, reason)
    proceed(book, job, task, parts)


def stop_again(book: Book, task: Task) -> None:
    """What was told to stop may not have heard: the server was killed before it said so."""
    for part in task.parts_now():
        if part.state in (STARTED, RUNS):
            book.tx.stop(part.run, task.stop_reason or "stopped")


def _attempt_ended(book: Book, job: Job, task: Task, parts: list[Part]) -> None:
    body, shape = load(job.body)
    main, agents = main_node(body), task.agents_now()
    how = ending(shape, parts, main, agents, task.stop_reason)
    to = state_after(how, body["retry"], task.attempt)
    if to == RUNNABLE and job.cancel_reason is not None:
        to = FAILED
    task.live = 0
    task.started = min((p.started for p in parts if p.started is not None), default=None)
    task.stopped = max((p.stopped for p in parts if p.stopped is not None), default=book.tx.now)
    task.reason = how.status_reason
    if to == SUCCEEDED_STATE and job.is_array and task.attempt == 1 and len(parts) == 1:
        book.drop(task)  # the chunk says it all
    else:
        detail = attempt_detail(
            job, task.idx, task.attempt, shape, parts, main, how, task.environment, agents
        )
        task.attempts = dumps([*task.attempts_so_far(), detail])
        book.save(task)
    _unit_ended(book, job, task, to)
    hand_over(book, job, task)


def _unit_ended(book: Book, job: Job, task: Task, to: str) -> None:
    assert task.stopped is not None
    started = task.stopped if task.started is None else task.started
    if book.task(job, task.idx) is None:
        book.move(job, task.idx, to, (started, task.stopped))
    else:
        book.move(job, task.idx, to)
    if not job.is_array:
        job.reason, job.started = task.reason, started
        job.stopped = None
    if job.is_array or to not in ENDED:  # the end of a job of its own is told by `settle`
        announce(book, job, task.idx)
    if to in ENDED:
        settle(book, job, task.idx)
        if not job.is_array:
            job.stopped = task.stopped
