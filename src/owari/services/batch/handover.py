"""A unit's place is handed over to the next of its array, without a decision of the scheduler.

The last decision named the *heir*: the job that comes before all others that wait for room. While
nothing has happened since (the scheduler is not dirty), the next decision would give a place that
one of the heir's own units leaves to the heir's next unit, for it fits there exactly. So that is
done at once, in the transaction that ends the first: an array of ten thousand short children costs
few decisions.
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


def hand_over(book: Book, job: Job, ended: Task) -> bool:
    """False when the scheduler has to decide. `ended`: a task of the job that is over."""
    if not job.is_array or not job.runnable or book.became_ready:
        return False
    row = book.tx.one("SELECT * FROM batch_scheduler WHERE id = 1")
    assert row is not None
    if row["dirty"] or row["heir"] != job_key(*job.key) or line_key(job.line).need.consumables:
        return False
    order = _next_order(book, row, job)
    agents = loads(ended.agents)
    placement = Placement(
        job=row["heir"],
        environment=resource_key(job.account, job.region, ended.environment),
        agents=tuple(agent[0] for agent in agents),
        sizes=tuple(Size(*agent[1:]) for agent in agents),
        claims=load_claims(ended.claims),
        order=order,
    )
    (index,) = book.take_ready(job, 1)
    start_unit(book, job, index, placement, loads(ended.claims))
    if job.why:
        job.why_since = book.tx.now
    return True


def _next_order(book: Book, row: Row, job: Job) -> int:
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
