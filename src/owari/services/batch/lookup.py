"""What most operations begin with: which resource is meant, and is it there."""

from __future__ import annotations

import re

from owari.arn import parse_arn
from owari.services.batch import rows
from owari.services.batch.book import Book
from owari.services.batch.faults import client
from owari.services.batch.names import (
    DEFINITION,
    ENVIRONMENT,
    POLICY,
    QUEUE,
    JobId,
    name_in,
    parse_job_id,
)
from owari.services.batch.records import Job
from owari.store.tx import Row, Tx

_DEFINITION = re.compile(r"([A-Za-z0-9_-]{1,128})(?::([1-9]\d{0,8}))?")


def existing_queue(tx: Tx, reference: str) -> Row | None:
    return rows.queue(tx, name_in(reference, QUEUE))


def needed_queue(tx: Tx, reference: str) -> Row:
    """Raises ClientException."""
    found = existing_queue(tx, reference)
    if found is None:
        raise client(f"{reference} does not exist")
    return found


def needed_environment(tx: Tx, reference: str) -> Row:
    """Raises ClientException."""
    found = rows.environment(tx, name_in(reference, ENVIRONMENT))
    if found is None:
        raise client(f"{reference} does not exist")
    return found


def needed_policy(tx: Tx, arn: str) -> Row:
    """Raises ClientException."""
    found = rows.policy(tx, name_in(arn, POLICY))
    if found is None or parse_arn(arn) is None:
        raise client(f"Scheduling policy {arn} does not exist")
    return found


def definition_reference(reference: str) -> tuple[str, int | None]:
    """(name, revision) of `name`, `name:revision` or an ARN. Raises ClientException."""
    match = _DEFINITION.fullmatch(name_in(reference, DEFINITION))
    if match is None:
        raise client(f"Provided name {reference} is not supported pattern[a-zA-Z_0-9-]{{1,128}}")
    return match[1], int(match[2]) if match[2] else None


def active_definition(tx: Tx, reference: str) -> Row:
    """Without a revision, the newest active one. Raises ClientException."""
    name, revision = definition_reference(reference)
    if revision is None:
        found = rows.newest_definition(tx, name, "ACTIVE")
    else:
        found = rows.definition(tx, name, revision)
    if found is None and parse_arn(reference) is not None:
        raise client(f"JobDefinition {reference} not found.")
    if found is None or found["status"] != "ACTIVE":
        raise client(f"JobDefinition name {name} does not exist or is not in ACTIVE status")
    return found


def existing_job(book: Book, reference: str) -> tuple[Job, JobId] | None:
    id = parse_job_id(reference)
    job = book.job(book.tx.account, book.tx.region, id.id) if id else None
    return None if id is None or job is None or not is_part_of(job, id) else (job, id)


def needed_job(book: Book, reference: str) -> tuple[Job, JobId]:
    """Raises ClientException."""
    found = existing_job(book, reference)
    if found is None:
        raise client(f"Job {reference} does not exist.")
    return found


def is_part_of(job: Job, id: JobId) -> bool:
    """The child or node that the id names is one of the job's."""
    if id.child is not None:
        return job.is_array and id.child < job.size
    return id.node is None or job.kind == "multinode"
