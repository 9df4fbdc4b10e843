"""A unit's place is handed over to the next of its array, without a decision of the scheduler.

The last decision named the *heir*: the job that comes before all others that wait for room. While
nothing has happened since (the scheduler is not dirty), the next decision would give a place that
one of the heir's own units leaves to the heir's next unit, for it fits there exactly. So that is
done at once, in the transaction that ends the first: an array of ten thousand short children costs
few decisions.

Where children are quick, a few are sent *ahead*: they are STARTING and wait at the agent, which
starts one the moment another ends. They hold nothing (claims `[]`), for claims belong to places and
the places of one job are all alike: whichever unit ends, what it held goes to one that is left.
"""

from __future__ import annotations

from owari.services.batch.book import Book
from owari.services.batch.deciding import start_unit
from owari.services.batch.demand import Placement
from owari.services.batch.demands import Size
from owari.services.batch.lines import line_key, resource_key
from owari.services.batch.placing import ORDERS
from owari.services.batch.records import Job, Task
from owari.services.batch.snapshot import job_key, load_claims
from owari.store.encode import dumps, loads
from owari.store.tx import Row

QUICK_S = 0.25  # children that take less are sent ahead
AHEAD_MAX = 16
NOTHING = "[]"


def hand_over(book: Book, job: Job, ended: Task) -> bool:
    """False when the scheduler has to decide. `ended`: a task of the job that is over."""
    if not job.is_array:
        return False
    ahead = _ahead(book, ended)
    row = _scheduler(book)
    if not _is_heir(book, job, row):
        return _inherit(book, job, ended, ahead)
    quick = _took_s(ended) < QUICK_S
    if not quick and ahead:
        return _inherit(book, job, ended, ahead)
    if quick or ended.claims != NOTHING:
        _start_next(book, job, ended, ended.claims, row)
    sent = len(ahead) + (ended.claims == NOTHING)
    if quick and sent < AHEAD_MAX and job.runnable and _may_wait(book, job, ended, row):
        _start_next(book, job, ended, NOTHING, _scheduler(book))
    return True


def _is_heir(book: Book, job: Job, row: Row) -> bool:
    if not job.runnable or book.became_ready or line_key(job.line).need.consumables:
        return False
    return not row["dirty"] and row["heir"] == job_key(*job.key)


def _scheduler(book: Book) -> Row:
    row = book.tx.one("SELECT * FROM batch_scheduler WHERE id = 1")
    assert row is not None
    return row


def _ahead(book: Book, ended: Task) -> list[int]:
    """Indexes of the other units of the job that were sent ahead."""
    rows = book.tx.all(
        "SELECT idx FROM batch_task WHERE account = ? AND region = ? AND job = ? AND live = 1"
        " AND claims = '[]' AND idx <> ?",
        ended.account, ended.region, ended.job, ended.idx,
    )  # fmt: skip
    return [row["idx"] for row in rows]


def _inherit(book: Book, job: Job, ended: Task, ahead: list[int]) -> bool:
    """A unit that waits at the agent takes the place: nothing becomes free."""
    if ended.claims == NOTHING:
        return True
    heir = book.task(job, min(ahead)) if ahead else None
    if heir is None:
        return False
    heir.claims = ended.claims
    book.save(heir)
    return True


def _took_s(ended: Task) -> float:
    return (ended.stopped or 0.0) - ended.started if ended.started else QUICK_S


def _may_wait(book: Book, job: Job, ended: Task, scheduler: Row) -> bool:
    """The agent is the limit, and not the compute environment: it will not run too many."""
    row = book.tx.one(
        "SELECT body FROM batch_environment WHERE account = ? AND region = ? AND name = ?",
        job.account, job.region, ended.environment,
    )  # fmt: skip
    if row is None:
        return False
    most = loads(row["body"]).get("computeResources", {}).get("maxvCpus")
    agents = loads(scheduler["agents"] or "[]")
    return len(agents) == 1 and (most is None or most >= agents[0]["vcpus"])


def _start_next(book: Book, job: Job, ended: Task, claims: str, row: Row) -> None:
    """In the same place, under the same conditions. `row`: the scheduler's."""
    agents = loads(ended.agents)
    placement = Placement(
        job=job_key(*job.key),
        environment=resource_key(job.account, job.region, ended.environment),
        agents=tuple(agent[0] for agent in agents),
        sizes=tuple(Size(*agent[1:]) for agent in agents),
        claims=load_claims(claims),
        order=_next_order(book, row),
    )
    (index,) = book.take_ready(job, 1)
    start_unit(book, job, index, placement, loads(claims))
    if job.why:
        job.why_since = book.tx.now


def _next_order(book: Book, row: Row) -> int:
    """As if it had been decided: a reservation of the job begins anew with its next unit."""
    order: int = (row["decision"] + 1) * ORDERS
    reservations = loads(row["reservations"])
    for reservation in reservations:
        if reservation[0] == row["heir"]:
            reservation[1] = order + 1
    book.tx.run(
        "UPDATE batch_scheduler SET decision = decision + 1, reservations = ? WHERE id = 1",
        dumps(reservations),
    )
    return order
