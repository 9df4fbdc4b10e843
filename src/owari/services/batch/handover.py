"""A unit's place is handed over to the next of its array, without a decision of the scheduler.

The last decision named the *heir*: the job that comes before all others that wait for room. While
nothing has happened since (the scheduler is not dirty), the next decision would give a place that
one of the heir's own units leaves to the heir's next unit, for it fits there exactly. So that is
done at once, in the transaction that ends the first: an array of ten thousand short children costs
few decisions.

Where children are quick, some are sent *ahead*: they are STARTING and wait at the agent, which
starts one the moment another ends: no more than a place works off in `AHEAD_S`. They hold nothing
(claims `[]`), for claims belong to places and the places of one job are all alike: whichever unit
ends, what it held goes to one that is left.
"""

from __future__ import annotations

from dataclasses import replace

from owari.services.batch.book import Book
from owari.services.batch.deciding import Place, start_unit
from owari.services.batch.lines import line_key
from owari.services.batch.placing import ORDERS
from owari.services.batch.records import Job, Scheduler, Task
from owari.services.batch.snapshot import job_key, mark_dirty
from owari.store.encode import dumps, loads

QUICK_S = 0.25  # children that take less are sent ahead
AHEAD_S = 0.25  # of work for one place
AHEAD_MAX = 64
NOTHING = "[]"


def hand_over(book: Book, job: Job, ended: Task) -> None:
    """`ended`: a task of the job that is over. Asks for a decision where there has to be one."""
    if not _hand_over(book, job, ended) or book.became_ready:
        mark_dirty(book.tx)
        book.scheduler.dirty = 1


def _hand_over(book: Book, job: Job, ended: Task) -> bool:
    """False when the scheduler has to decide."""
    if not job.is_array:
        return False
    ahead = _ahead(book, job)
    ahead.discard(ended.idx)
    if not _is_heir(book, job):
        return _inherit(book, job, ended, ahead)
    took = _took_s(ended)
    if took >= QUICK_S and ahead:
        return _inherit(book, job, ended, ahead)
    place = Place(ended.environment, ended.agents, ended.claims)
    if took < QUICK_S or ended.claims != NOTHING:
        _start_next(book, job, place, ahead)
    most = min(AHEAD_MAX, int(AHEAD_S / max(took, 0.001)))
    if took < QUICK_S and len(ahead) < most and job.runnable and _may_wait(book, job, ended):
        _start_next(book, job, replace(place, claims=NOTHING), ahead)
    return True


def _is_heir(book: Book, job: Job) -> bool:
    if not job.runnable or book.became_ready or line_key(job.line).need.consumables:
        return False
    return not book.scheduler.dirty and book.scheduler.heir == job_key(*job.key)


def _ahead(book: Book, job: Job) -> set[int]:
    """Indexes of the units of the job that were sent ahead; kept up to date from here on."""
    found: set[int] | None = book.kept.get((job.id, "ahead"))
    if found is None:
        found = {task.idx for task in book.live_tasks(job) if task.claims == NOTHING}
        book.kept[job.id, "ahead"] = found
    return found


def _inherit(book: Book, job: Job, ended: Task, ahead: set[int]) -> bool:
    """A unit that waits at the agent takes the place: nothing becomes free."""
    if ended.claims == NOTHING:
        return True
    heir = book.task(job, min(ahead)) if ahead else None
    if heir is None:
        return False
    ahead.discard(heir.idx)
    heir.claims = ended.claims
    book.save(heir)
    return True


def _took_s(ended: Task) -> float:
    return (ended.stopped or 0.0) - ended.started if ended.started else QUICK_S


def _may_wait(book: Book, job: Job, ended: Task) -> bool:
    """The agent is the limit, and not the compute environment: it will not run too many."""
    key = (job.id, f"may wait in {ended.environment}")
    if key not in book.kept:
        book.kept[key] = _agent_limits(book, job, ended.environment)
    return bool(book.kept[key])


def _agent_limits(book: Book, job: Job, environment: str) -> bool:
    row = book.tx.one(
        "SELECT body FROM batch_environment WHERE account = ? AND region = ? AND name = ?",
        job.account, job.region, environment,
    )  # fmt: skip
    if row is None:
        return False
    most = loads(row["body"]).get("computeResources", {}).get("maxvCpus")
    agents = loads(book.scheduler.agents or "[]")
    return len(agents) == 1 and (most is None or most >= agents[0]["vcpus"])


def _start_next(book: Book, job: Job, place: Place, ahead: set[int]) -> None:
    """In the same place, under the same conditions."""
    (index,) = book.take_ready(job, 1)
    start_unit(book, job, index, place, _next_order(book.scheduler))
    if place.claims == NOTHING:
        ahead.add(index)
    if job.why:
        job.why_since = book.tx.now


def _next_order(scheduler: Scheduler) -> int:
    """As if it had been decided: a reservation of the job begins anew with its next unit."""
    scheduler.decision += 1
    order: int = scheduler.decision * ORDERS
    if scheduler.reservations != "[]":
        reservations = loads(scheduler.reservations)
        for reservation in reservations:
            if reservation[0] == scheduler.heir:
                reservation[1] = order + 1
        scheduler.reservations = dumps(reservations)
    return order
