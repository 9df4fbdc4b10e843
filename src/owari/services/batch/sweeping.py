"""Forgetting jobs that ended long ago: bounded steps, each continued by another wake-up.

AWS keeps ended jobs for at least seven days; here it is `job_kept_s`. Their logs are kept as long
as their group says. Source: Batch user guide, "Job states".
"""

from __future__ import annotations

from dataclasses import replace

from owari.effects import ReplyTo, Report, Wake
from owari.services.batch.names import JOB, batch_arn
from owari.store import outbox
from owari.store.tx import Row, Tx
from owari.wire.operation import reaction

SWEEP = ReplyTo("batch", "sweep", "")
SWEEP_EVERY_S = 3600.0
PAUSE_S = 0.05  # between two steps
JOBS_AT_ONCE = 100
ROWS_AT_ONCE = 2_000

_KEY = "account = ? AND region = ?"


def ensure_sweep(tx: Tx) -> None:
    """Have ended jobs looked after from now on."""
    if not outbox.waiting_for(tx.connection, SWEEP):
        tx.emit(Wake(), due=tx.now + SWEEP_EVERY_S, reply_to=SWEEP)


@reaction("batch", "sweep")
def on_sweep(tx: Tx, report: Report) -> None:
    more = _forget_oldest(tx)
    tx.again(report, due=tx.now + (PAUSE_S if more else SWEEP_EVERY_S))


def _forget_oldest(tx: Tx) -> bool:
    """True when there is more to forget."""
    jobs = tx.all(
        "SELECT account, region, id FROM batch_job"
        " WHERE status IN ('SUCCEEDED', 'FAILED') AND stopped < ? ORDER BY stopped LIMIT ?",
        tx.now - tx.limits.job_kept_s, JOBS_AT_ONCE,
    )  # fmt: skip
    left = ROWS_AT_ONCE
    for job in jobs:
        left -= _forget_tasks(tx, job, left)
        if left <= 0:
            return True
        _forget(tx, job)
    return len(jobs) == JOBS_AT_ONCE


def _forget_tasks(tx: Tx, job: Row, most: int) -> int:
    """An array has one for each child that was retried or failed."""
    return tx.run(
        f"DELETE FROM batch_task WHERE {_KEY} AND job = ? AND idx IN"
        f" (SELECT idx FROM batch_task WHERE {_KEY} AND job = ? LIMIT ?)",
        *job, *job, most,
    )  # fmt: skip


def _forget(tx: Tx, job: Row) -> None:
    """The job itself, and what little else there is of it."""
    for table, column in (
        ("batch_chunk", "job"),
        ("batch_dependency", "upstream"),
        ("batch_job", "id"),
    ):
        tx.run(f"DELETE FROM {table} WHERE {_KEY} AND {column} = ?", *job)
    owner = replace(tx, account=job["account"], region=job["region"])
    owner.resources.deleted(batch_arn(owner.account, owner.region, JOB, job["id"]))
