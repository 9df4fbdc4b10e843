"""What `owari status` says of Batch: jobs under way, why they wait, what is switched off."""

from __future__ import annotations

from collections.abc import Iterator

from owari.services.batch.reasons import blocks
from owari.store.tx import Row, Tx
from owari.wire.operation import Notice, Overview, Work, overview

LIVE = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
LOOKED_AT = 1_000  # jobs of a queue and status, the oldest


@overview("batch")
def of_batch(tx: Tx) -> Overview:
    running = waiting = 0
    more = False
    for queue in tx.all("SELECT account, region, name, state FROM batch_queue ORDER BY name"):
        place = queue["account"], queue["region"]
        if queue["state"] != "ENABLED":
            yield Notice("job queue", queue["name"], queue["state"], "takes no jobs", *place)
        for status in LIVE:
            jobs = _jobs(tx, queue, status)
            more = more or len(jobs) == LOOKED_AT
            running += sum(job["active"] for job in jobs)
            waiting += sum(job["idle"] for job in jobs)
            yield from _waiting(jobs)
    yield from _environments(tx)
    yield Work("jobs", running, waiting, more)


def _jobs(tx: Tx, queue: Row, status: str) -> list[Row]:
    return tx.all(
        "SELECT account, region, id, name, status, why, why_since, runnable,"
        " starting + running AS active, pending + runnable AS idle FROM batch_job"
        " WHERE account = ? AND region = ? AND queue = ? AND status = ? ORDER BY seq LIMIT ?",
        queue["account"], queue["region"], queue["name"], status, LOOKED_AT,
    )  # fmt: skip


def _waiting(jobs: list[Row]) -> Iterator[Notice]:
    """Of those that say why: the first of each line does."""
    for job in jobs:
        if job["why"] and job["runnable"]:
            yield Notice(
                "job", f"{job['name']} ({job['id'][:8]})", job["status"], job["why"],
                job["account"], job["region"],
                alarming=blocks(job["why"]), since=job["why_since"] or None,
            )  # fmt: skip


def _environments(tx: Tx) -> Iterator[Notice]:
    rows = tx.all("SELECT account, region, name, state FROM batch_environment ORDER BY name")
    for row in rows:
        if row["state"] != "ENABLED":
            kind, why = "compute environment", "starts no jobs"
            yield Notice(kind, row["name"], row["state"], why, row["account"], row["region"])
