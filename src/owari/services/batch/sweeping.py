"""Forgetting what ended long ago: bounded steps, each continued by another wake-up.

AWS keeps ended jobs for at least seven days; here it is `job_kept_s`. Their logs are kept as long
as their group says. Sources: Batch user guide, "Job states"; DeregisterJobDefinition: "permanently
deleted after 180 days".
"""

from __future__ import annotations

from owari.effects import ReplyTo, Report
from owari.services.batch.names import DEFINITION, JOB, batch_arn
from owari.store import sweeps
from owari.store.tx import Row, Tx
from owari.wire.operation import reaction

SWEEP = ReplyTo("batch", "sweep", "")
SWEEP_EVERY_S = 3600.0
DEFINITION_KEPT_S = 180 * 86_400.0
JOBS_AT_ONCE = 100
ROWS_AT_ONCE = 2_000

_KEY = "account = ? AND region = ?"
_ANY_LEFT = (
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM batch_job)"
    " OR EXISTS (SELECT 1 FROM batch_definition WHERE deregistered IS NOT NULL)"
)


def ensure_sweep(tx: Tx) -> None:
    """There are jobs, or inactive definitions, from now on."""
    sweeps.ensure(tx, SWEEP, SWEEP_EVERY_S)


@reaction("batch", "sweep")
def on_sweep(tx: Tx, report: Report) -> None:
    if _forget_oldest(tx) or _forget_definitions(tx):
        tx.again(report, due=tx.now + sweeps.PAUSE_S)
    elif tx.one(_ANY_LEFT):
        tx.again(report, due=tx.now + SWEEP_EVERY_S)


def _forget_definitions(tx: Tx) -> bool:
    """True when there is more to forget."""
    found = tx.all(
        "SELECT account, region, name, revision FROM batch_definition WHERE deregistered < ?"
        " ORDER BY deregistered LIMIT ?",
        tx.now - DEFINITION_KEPT_S, JOBS_AT_ONCE,
    )  # fmt: skip
    for account, region, name, revision in found:
        tx.run(
            f"DELETE FROM batch_definition WHERE {_KEY} AND name = ? AND revision = ?",
            account, region, name, revision,
        )  # fmt: skip
        arn = batch_arn(account, region, DEFINITION, f"{name}:{revision}")
        tx.resources_of(account, region).deleted(arn)
    return len(found) == JOBS_AT_ONCE


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
    account, region, id = job
    tx.resources_of(account, region).deleted(batch_arn(account, region, JOB, id))
