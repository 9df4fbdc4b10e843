"""Which jobs of a queue are next, as GetJobQueueSnapshot shows them.

A queue is served in the order of submission. With fair share, the share that uses least is next,
and within a share the job of the highest priority: the list is what would come of it if one job
after the other started now. An array counts as one job, and all its children that are RUNNABLE go
before what is behind it.
Source: Batch API reference, FrontOfQueueDetail.
"""

from __future__ import annotations

import heapq

from owari.services.batch.demand import FairShare, Held, Queue
from owari.services.batch.demands import total
from owari.services.batch.lines import line_key, resource_key
from owari.services.batch.records import JOB_COLUMNS, Job
from owari.services.batch.shares import score, used_now
from owari.services.batch.snapshot import load_claims, queue_of, usage_lately
from owari.store.tx import Tx

FRONT = 100

_COLUMNS = ", ".join(JOB_COLUMNS)
# The first jobs of each share. Without fair share there is but one, and no priorities.
_WAITING = f"""
    SELECT {_COLUMNS} FROM (
        SELECT *, ROW_NUMBER() OVER (PARTITION BY share ORDER BY priority DESC, seq) AS place
        FROM batch_job WHERE account = ? AND region = ? AND queue = ?
        AND status IN ('PENDING', 'RUNNABLE') AND runnable > 0
    ) WHERE place <= ? ORDER BY place
"""


def front_of_queue(tx: Tx, name: str) -> list[Job]:
    rows = tx.all(_WAITING, tx.account, tx.region, name, FRONT)
    jobs = [Job(*row) for row in rows]
    queue = queue_of(tx, resource_key(tx.account, tx.region, name))
    if queue is None or queue.fair is None:
        return jobs
    return _in_turn(jobs, queue.fair, *_used(tx, queue))


def _used(tx: Tx, queue: Queue) -> tuple[dict[str, int], dict[str, float]]:
    """By share: vCPU thousandths now, and what counts of before."""
    rows = tx.all("SELECT share, claims FROM batch_held WHERE queue = ?", queue.key)
    held = [Held(queue.key, row["share"], load_claims(row["claims"]), 0) for row in rows]
    now = used_now(held, queue.key)
    return now, usage_lately(tx, queue, now)


def _in_turn(
    jobs: list[Job], policy: FairShare, now: dict[str, int], lately: dict[str, float]
) -> list[Job]:
    """`jobs`: those of one share are in order."""
    waiting: dict[str, list[Job]] = {}
    for job in jobs:
        waiting.setdefault(job.share, []).append(job)

    def turn(share: str) -> tuple[float, int, int, str]:
        """As placing.py has it."""
        used = score(policy, share, now.get(share, 0), lately.get(share, 0.0))
        head = waiting[share][0]
        return used, -head.priority, head.seq, share

    heap = [turn(share) for share in waiting]
    heapq.heapify(heap)
    found: list[Job] = []
    while heap and len(found) < FRONT:
        *_, share = heapq.heappop(heap)
        job = waiting[share].pop(0)
        found.append(job)
        vcpus = total(line_key(job.line).need.parts).vcpus
        now[share] = now.get(share, 0) + vcpus * job.runnable
        if waiting[share]:
            heapq.heappush(heap, turn(share))
    return found
