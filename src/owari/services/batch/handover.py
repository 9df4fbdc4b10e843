"""A unit's place is handed over to the next of its array, without a decision of the scheduler.

The last decision named the *heir*: the job that comes before all others that wait for room. While
nothing has happened since (the scheduler is not dirty), the next decision would give a place that
one of the heir's own units leaves to the heir's next unit, for it fits there exactly. So that is
done at once, in the transaction that ends the first: an array of ten thousand short children costs
few decisions.

Where children are quick, a place is handed to a *stretch* of them (stretches.py): they are STARTING
and wait at the agent, which starts one the moment another ends. Another stretch is sent *ahead*, so
that the agent never runs out of them while we are busy. That one holds nothing (claims `[]`):
claims belong to places, and the places of one job are all alike, so whoever leaves one gives it to
a stretch that holds none.
"""

from __future__ import annotations

from dataclasses import replace

from owari.services.batch.book import Book
from owari.services.batch.deciding import Place, start_unit
from owari.services.batch.lines import line_key
from owari.services.batch.placing import ORDERS
from owari.services.batch.records import NOTHING, Job, Scheduler, Stretch, Task
from owari.services.batch.snapshot import job_key, mark_dirty
from owari.services.batch.stretches import start_stretch, startable
from owari.store.encode import dumps, loads

QUICK_S = 0.25  # children that take less are sent ahead
AHEAD_S = 0.25  # of work for one place
AHEAD_MAX = 64


def hand_over(book: Book, job: Job, ended: Task) -> None:
    """`ended`: a task of the job that is over. Asks for a decision where there has to be one."""
    took = (ended.stopped or 0.0) - ended.started if ended.started else QUICK_S
    run = ended.stretch
    stretch = book.stretch(job, run) if run else None
    if stretch is not None:
        one_less(book, job, stretch, took)
    else:
        _leave(book, job, Place(ended.environment, ended.agents, ended.claims), took)


def one_less(book: Book, job: Job, stretch: Stretch, took: float) -> None:
    """One of its children is over, after so many seconds."""
    stretch.unended -= 1
    book.save_stretch(job, stretch)
    place = Place(stretch.environment, stretch.agents, stretch.claims)
    if not stretch.unended and stretch.claims != NOTHING:
        _leave(book, job, place, took)
    else:
        _send_ahead(book, job, place, took)


def _leave(book: Book, job: Job, place: Place, took: float) -> None:
    if not _pass_on(book, job, place, took) or book.became_ready:
        mark_dirty(book.tx)
        book.scheduler.dirty = 1


def _pass_on(book: Book, job: Job, place: Place, took: float) -> bool:
    """False when the scheduler has to decide."""
    if not job.is_array:
        return False
    if _inherit(book, job, place):
        _send_ahead(book, job, place, took)
        return True
    if not _is_heir(book, job):
        return False
    if took < QUICK_S and _agent_is_the_limit(book, job, place.environment):
        _start_some(book, job, place, _size(took))
        _send_ahead(book, job, place, took)
    else:
        _start_some(book, job, place, 1)
    return True


def _size(took: float) -> int:
    """Of a stretch."""
    return max(1, min(AHEAD_MAX, int(AHEAD_S / max(took, 0.001))))


def _is_heir(book: Book, job: Job) -> bool:
    if not job.runnable or book.became_ready or line_key(job.line).need.consumables:
        return False
    return not book.scheduler.dirty and book.scheduler.heir == job_key(*job.key)


def _inherit(book: Book, job: Job, place: Place) -> bool:
    """Children that wait at the agent take the place: nothing becomes free."""
    heir = next((s for s in book.stretches(job) if s.claims == NOTHING), None)
    if heir is None:
        return False
    heir.claims = place.claims
    book.save_stretch(job, heir)
    return True


def _send_ahead(book: Book, job: Job, place: Place, took: float) -> None:
    """One stretch, unless there is one."""
    if any(stretch.claims == NOTHING for stretch in book.stretches(job)):
        return
    if took < QUICK_S and _is_heir(book, job) and _agent_is_the_limit(book, job, place.environment):
        _start_some(book, job, replace(place, claims=NOTHING), _size(took))


def _agent_is_the_limit(book: Book, job: Job, environment: str) -> bool:
    """And not the compute environment: it will not run too many."""
    key = (job.id, f"limit in {environment}")
    if key not in book.kept:
        book.kept[key] = _agent_limits(book, job, environment)
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


def _start_some(book: Book, job: Job, place: Place, most: int) -> None:
    """In the same place, under the same conditions."""
    if not job.runnable:
        return
    order = _next_order(book.scheduler)
    together = startable(book, job, most) if most > 1 else []
    if len(together) > 1:
        start_stretch(book, job, together, place, order)
    elif place.claims != NOTHING:
        (index,) = book.take_ready(job, 1)
        start_unit(book, job, index, place, order)
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
