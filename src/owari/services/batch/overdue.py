"""jobStateTimeLimitActions: a job that is RUNNABLE for a reason longer than its queue lets it.

Each job that waits at the head of its line has at most one Wake for that; what is done when it is
due (stopping.py) follows from the queue and the reason as they are then.
Source: Batch API reference, JobStateTimeLimitAction.
"""

from __future__ import annotations

from typing import Any

from owari.effects import ReplyTo, Wake
from owari.services.batch.reasons import code_of
from owari.services.batch.records import JOB_COLUMNS, Job
from owari.store import outbox
from owari.store.encode import loads
from owari.store.tx import Tx


def action_for(tx: Tx, job: Job) -> dict[str, Any] | None:
    """What its queue wants done about the reason it waits for."""
    row = tx.one(
        "SELECT body FROM batch_queue WHERE account = ? AND region = ? AND name = ?",
        job.account, job.region, job.queue,
    )  # fmt: skip
    actions: list[dict[str, Any]] = loads(row["body"]).get("actions", []) if row else []
    return next((a for a in actions if a["reason"] == code_of(job.why)), None)


def due_at(job: Job, action: dict[str, Any]) -> float:
    return job.why_since + float(action["maxTimeSeconds"])


def arm(tx: Tx, job: Job) -> None:
    """It waits for another reason than before, or its queue has other actions."""
    to = ReplyTo("batch", "overdue", job.id)
    for envelope in outbox.waiting_for(tx.connection, to):
        tx.cancel(envelope.id)
    action = action_for(tx, job)
    if action is not None:
        tx.emit(
            Wake(),
            due=max(due_at(job, action), tx.now),
            reply_to=to,
            account=job.account,
            region=job.region,
        )


def arm_all(tx: Tx, queue: str) -> None:
    """The actions of a queue have changed: they hold for the jobs that wait already."""
    rows = tx.all(
        f"SELECT {', '.join(JOB_COLUMNS)} FROM batch_job WHERE account = ? AND region = ?"
        " AND queue = ? AND status IN ('PENDING', 'RUNNABLE') AND runnable > 0 AND why_since > 0",
        tx.account, tx.region, queue,
    )  # fmt: skip
    for row in rows:
        arm(tx, Job(*row))
