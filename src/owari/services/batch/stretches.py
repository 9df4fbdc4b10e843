"""Children of an array that an agent is given together: one run, one report for many ends.

Only what is alike goes in a stretch: children at their first attempt, of one container, that wait
for nothing of their own. One that has to be told apart (it is seen to run, it fails, it is
stopped) is given its row and is from then on a task like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Any

from owari.effects import ReplyTo, Run
from owari.mounts import mounts_of
from owari.services.batch.book import Book
from owari.services.batch.core import LIVE, STARTING, SUCCEEDED
from owari.services.batch.deciding import Place, clamped
from owari.services.batch.depending import settle
from owari.services.batch.events import announce
from owari.services.batch.lines import resource_key
from owari.services.batch.parts import load
from owari.services.batch.records import Job, Stretch
from owari.services.batch.spec import stretch_spec
from owari.store.encode import dumps


@lru_cache(maxsize=256)
def are_alike(body: str) -> bool:
    """Whether the children of the job differ in no more than their index."""
    _, shape = load(body)
    container, task = shape[0].container, shape[0].task
    mounts = [
        mounts_of(container.get("mountPoints", ()), task.get("volumes", ()), id) for id in "ab"
    ]
    return len(shape) == 1 and not container.get("secrets") and mounts[0] == mounts[1]


def startable(book: Book, job: Job, most: int) -> list[int]:
    """The first ready children, as far as none of them was tried before."""
    found = book.take_ready(job, most)
    if not found or not are_alike(job.body):
        return []
    tried = book.have_rows(job, found[0], found[-1])
    return list(takewhile(lambda index: index not in tried, found))


def start_stretch(book: Book, job: Job, indexes: Sequence[int], place: Place, order: int) -> None:
    tx = book.tx
    stretch = Stretch(
        account=job.account, region=job.region, job=job.id, run="", unended=len(indexes),
        indexes=dumps(list(indexes)), placed=order,
        queue=resource_key(job.account, job.region, job.queue), share=job.share,
        environment=place.environment, agents=place.agents, claims=place.claims,
        reason=clamped(job.line, place.agents),
    )  # fmt: skip
    stretch.run = tx.emit(
        Run("batch", {"job": job.id, "children": f"{indexes[0]}-{indexes[-1]}"}),
        spec=lambda: stretch_spec(job, stretch, indexes),
        reply_to=ReplyTo("batch", "ended", f"{job.id}:{indexes[0]}"),
        account=job.account,
        region=job.region,
        principal="batch.amazonaws.com",
        trace=job.trace,
    )
    book.save_stretch(job, stretch)
    for index in indexes:
        book.move(job, index, STARTING)
        announce(book, job, index)


def prepare_stretch(book: Book, job: Job, run: str) -> dict[str, Any] | None:
    """The spec of what of it has not ended; None when all has."""
    stretch = book.stretch(job, run)
    left = list(unended(book, job, stretch)) if stretch else []
    return stretch_spec(job, stretch, left) if stretch and left else None


def unended(book: Book, job: Job, stretch: Stretch) -> Iterator[int]:
    """Its children that are under way still: not those that are at a later attempt."""
    for index in stretch.children:
        if book.state(job, index) in LIVE:
            task = book.task(job, index) if book.has_live_row(job, index) else None
            if task is None or task.stretch == stretch.run:
                yield index


def succeeded(book: Book, job: Job, index: int, started: float, stopped: float) -> None:
    """At once, and without a row: the chunk says it all."""
    book.move(job, index, SUCCEEDED, (started, stopped))
    announce(book, job, index)
    settle(book, job, index)
