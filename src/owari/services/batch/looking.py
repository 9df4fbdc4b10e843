"""Jobs and units as the read operations find them."""

from __future__ import annotations

from collections.abc import Iterator

from owari.services.batch.book import Book
from owari.services.batch.children import CHUNK, chunk_length, chunk_of
from owari.services.batch.core import states_of
from owari.services.batch.describing import Unit
from owari.services.batch.records import ITSELF, Job


def unit_of(book: Book, job: Job, index: int) -> Unit:
    """A child, or (ITSELF) the job when it is no array."""
    if index == ITSELF:
        return Unit(ITSELF, job.rest, book.task(job, ITSELF))
    chunk = book.peek(job, chunk_of(index))
    if chunk is None:
        return Unit(index, job.rest)
    times = chunk.times_of(index)
    task = None if times else book.task(job, index)
    return Unit(index, chunk.state(index), task, times)


def children(book: Book, job: Job, status: str, after: int, most: int) -> list[Unit]:
    """The first children after that index that have the status."""
    found: list[Unit] = []
    for index in _indexes(book, job, states_of(status), after + 1):
        found.append(unit_of(book, job, index))
        if len(found) == most:
            break
    return found


def _indexes(book: Book, job: Job, states: str, start: int) -> Iterator[int]:
    """Ascending, without making chunks that are not there."""
    for number in range(chunk_of(start), -(-job.size // CHUNK)):
        chunk = book.peek(job, number)
        if chunk is not None:
            yield from (i for i in chunk.indexes(states) if i >= start)
        elif job.rest in states:
            first = number * CHUNK
            yield from range(max(first, start), first + chunk_length(job.size, number))
