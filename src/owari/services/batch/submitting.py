"""SubmitJob: one row, whatever the size of the array."""

from __future__ import annotations

import json
from typing import Any

from owari.services.batch import depending, reasons, rows
from owari.services.batch.book import Book, counts_at_rest
from owari.services.batch.core import ORPHANED, PENDING, RUNNABLE, array_status, status_of
from owari.services.batch.definitions import check_settings
from owari.services.batch.demand import Need
from owari.services.batch.demands import Size, total
from owari.services.batch.environments import is_fargate
from owari.services.batch.events import announce
from owari.services.batch.faults import client
from owari.services.batch.fitting import clamp
from owari.services.batch.lines import line_text, resource_key
from owari.services.batch.lookup import active_definition, existing_queue
from owari.services.batch.names import (
    CONSUMABLE,
    DEFINITION,
    batch_arn,
    check_name,
    check_share,
    name_in,
    parse_job_id,
)
from owari.services.batch.overriding import body_of
from owari.services.batch.parts import templates
from owari.services.batch.records import ARRAY, ITSELF, MULTINODE, SINGLE, Job
from owari.services.batch.snapshot import agents_known, mark_dirty
from owari.services.batch.sweeping import ensure_sweep
from owari.services.batch.tagging import checked_tags
from owari.store.encode import dumps
from owari.store.tx import Row, Tx

Json = dict[str, Any]


def submit(tx: Tx, p: Json) -> Job:
    """Raises ClientException."""
    check_name("Job name", p["jobName"])
    check_settings(p)
    queue = _open_queue(tx, p["jobQueue"])
    definition = active_definition(tx, p["jobDefinition"])
    settings = json.loads(definition["body"])
    body = body_of(settings, p)
    _check_platform(tx, queue, body["platform"])
    size = _array_size(tx, p, settings)
    book = Book(tx)
    upstream = _upstream(book, tx, p.get("dependsOn", []), size)
    job = _new_job(tx, p, queue, definition, body, size)
    _link(book, job, upstream)
    book.add(job)
    ensure_sweep(book.tx)
    tags = _tags(tx, p, definition, body)
    if tags:
        tx.resources.tag(job.arn, tags)
    _begin(book, job, upstream)
    book.close()
    if job.runnable:
        mark_dirty(tx)
    return job


def _begin(book: Book, job: Job, upstream: list[tuple[Job, str]]) -> None:
    """What it depends on may have ended already."""
    if not job.is_array:
        announce(book, job)
    if job.rest != PENDING:
        return
    if any(other.failed and other.has_ended for other, kind in upstream if kind == depending.WHOLE):
        book.move_all(job, PENDING, ORPHANED)
        job.reason = job.reason_of(ORPHANED)
        depending.settle(book, job, None if job.is_array else ITSELF)
    elif job.waiting_on == 0:
        depending.release(book, job)


def _open_queue(tx: Tx, reference: str) -> Row:
    queue = existing_queue(tx, reference)
    if queue is None:
        raise client(f"JobQueue {reference} not found.")
    if queue["state"] != "ENABLED":
        raise client(f"JobQueue {reference} is not in ENABLED state.")
    return queue


def _check_platform(tx: Tx, queue: Row, capabilities: list[str]) -> None:
    """The environments of a queue are all on Fargate, or none is."""
    first = rows.environment(tx, json.loads(queue["body"])["environments"][0])
    if first is None:
        return
    needed = "FARGATE" if is_fargate(first["body"]) else "EC2"
    if needed not in capabilities:
        raise client(
            f"The platformCapabilities of the job definition ({', '.join(capabilities)}) do not"
            f" include {needed}, which JobQueue {queue['name']} runs on."
        )


def _array_size(tx: Tx, p: Json, settings: Json) -> int:
    """1 when it is no array."""
    if "arrayProperties" not in p or "size" not in p["arrayProperties"]:
        return 1
    size: int = p["arrayProperties"]["size"]
    if not 2 <= size <= tx.limits.job_array_max_size:
        raise client(f"Array size must be between 2 and {tx.limits.job_array_max_size}.")
    if settings["type"] == "multinode":
        raise client("A multi-node parallel job can't be an array job.")
    return size


def _upstream(book: Book, tx: Tx, depends: list[Json], size: int) -> list[tuple[Job, str]]:
    """The jobs it depends on, each with the kind of dependency."""
    if len(depends) > tx.limits.job_dependencies_max:
        raise client(f"A job can have at most {tx.limits.job_dependencies_max} dependencies.")
    found: dict[tuple[str, str], tuple[Job, str]] = {}
    for dependency in depends:
        kind = dependency.get("type")
        if "jobId" not in dependency:
            if kind != "SEQUENTIAL":
                raise client("dependsOn must specify a jobId.")
            if size == 1:
                raise client("A SEQUENTIAL dependency without a jobId needs an array job.")
            continue
        other = _one_upstream(book, tx, dependency["jobId"])
        if kind == depending.N_TO_N:
            if not other.is_array or other.size != size:
                raise client("An N_TO_N dependency needs two array jobs of the same size.")
            found[other.id, kind] = (other, kind)
        else:
            found[other.id, depending.WHOLE] = (other, depending.WHOLE)
    return list(found.values())


def _one_upstream(book: Book, tx: Tx, reference: str) -> Job:
    id = parse_job_id(reference)
    if id is not None and (id.child is not None or id.node is not None):
        raise client(f"A job can't depend on a child job ({reference}); depend on its parent.")
    other = book.job(tx.account, tx.region, id.id) if id else None
    if other is None:
        raise client(f"Job {reference} in dependsOn does not exist.")
    return other


def _new_job(tx: Tx, p: Json, queue: Row, definition: Row, body: Json, size: int) -> Job:
    kind = MULTINODE if "nodes" in body else ARRAY if size > 1 else SINGLE
    share = _share(p, queue)
    sizes = [template.size for template in templates(body)]
    consumables = _consumables(tx, body)
    key = resource_key(tx.account, tx.region, queue["name"])
    return Job(
        account=tx.account, region=tx.region, id=tx.new_id(), seq=tx.next_seq(),
        name=p["jobName"], queue=queue["name"], line=line_text(key, share, sizes, consumables),
        share=share, priority=_priority(p, definition, queue),
        definition=batch_arn(
            tx.account, tx.region, DEFINITION, f"{definition['name']}:{definition['revision']}"
        ),
        kind=kind, size=size, body=dumps(body), created=tx.now, status="", reason="",
        why=first_look(tx, sizes), why_since=0.0, released=None, started=None, stopped=None,
        changed=tx.now, waiting_on=0, followers=0, rest=RUNNABLE, next_chunk=0,
        cancel_reason=None, terminate_reason=None, trace=tx.trace, **counts_at_rest(size, RUNNABLE),
    )  # fmt: skip


def _link(book: Book, job: Job, upstream: list[tuple[Job, str]]) -> None:
    """Record who it waits for, and with that its first state."""
    for other, kind in upstream:
        if other.has_ended and kind == depending.WHOLE:
            continue
        book.tx.run(
            "INSERT INTO batch_dependency (account, region, upstream, job, kind)"
            " VALUES (?, ?, ?, ?, ?)",
            *other.key, job.id, kind,
        )  # fmt: skip
        other.followers = 1
        book.touch(other)
        job.waiting_on += kind == depending.WHOLE
    waits = bool(upstream) or depending.needs_of_children(job) != ((), False)
    job.rest = PENDING if waits else RUNNABLE
    for name, n in counts_at_rest(job.size, job.rest).items():
        setattr(job, name, n)
    job.status = array_status(job.counts) if job.is_array else status_of(job.rest)
    job.released = None if waits else book.tx.now


def _share(p: Json, queue: Row) -> str:
    """A fair-share queue needs an identifier, another takes none."""
    share: str = p.get("shareIdentifier", "")
    if queue["policy"] is None:
        if share:
            raise client("shareIdentifier can't be specified for a FIFO job queue.")
        return ""
    if not share:
        raise client("shareIdentifier must be specified for a fair-share job queue.")
    return check_share(share)


def _priority(p: Json, definition: Row, queue: Row) -> int:
    """Priorities of jobs count in fair-share queues only."""
    if queue["policy"] is None:
        return 0
    default = json.loads(definition["body"]).get("schedulingPriority", 0)
    priority: int = p.get("schedulingPriorityOverride", default)
    return priority


def _consumables(tx: Tx, body: Json) -> dict[str, int]:
    needed: dict[str, int] = {}
    for entry in body["consumables"]:
        name = name_in(entry.get("consumableResource", ""), CONSUMABLE)
        if rows.consumable(tx, name) is None:
            raise client(f"Consumable resource {name} does not exist.")
        if entry.get("quantity", 0) < 1:
            raise client("quantity of a consumable resource must be at least 1.")
        needed[resource_key(tx.account, tx.region, name)] = entry["quantity"]
    return needed


def first_look(tx: Tx, sizes: list[Size]) -> str:
    """What can be said at once: it can never run here, or only with fewer vCPUs."""
    agents = agents_known(tx)
    if not agents:
        return ""
    asked = total(sizes)
    largest = Size(
        max(a.size.vcpus for a in agents),
        max(a.size.memory for a in agents),
        max(a.size.gpus for a in agents),
    )
    if any(s.memory > largest.memory or s.gpus > largest.gpus for s in sizes):
        return reasons.never_fits(asked, largest)
    given = total(clamp(Need(tuple(sizes)), agents)).vcpus
    return reasons.clamped(asked.vcpus, given) if given < asked.vcpus else ""


def _tags(tx: Tx, p: Json, definition: Row, body: Json) -> dict[str, str]:
    """The job's own go before those of its definition, which it inherits if it propagates."""
    own = checked_tags({}, p.get("tags", {}))
    if not body["propagate"]:
        return own
    name = f"{definition['name']}:{definition['revision']}"
    return tx.resources.tags(batch_arn(tx.account, tx.region, DEFINITION, name)) | own
