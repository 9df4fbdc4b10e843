"""The scheduler's turn: a snapshot, a decision, and the runs that follow from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from owari.effects import ReplyTo, Report, Run
from owari.services.batch import reasons
from owari.services.batch.book import Book
from owari.services.batch.core import STARTING
from owari.services.batch.demand import Decision, Placement, Snapshot
from owari.services.batch.demands import Size, total
from owari.services.batch.events import announce, announce_blocked
from owari.services.batch.lines import line_key, parts_of_key, resource_key
from owari.services.batch.overdue import arm
from owari.services.batch.parts import STARTED, Part, advance, load, main_node
from owari.services.batch.placing import place
from owari.services.batch.records import Job, Task
from owari.services.batch.snapshot import (
    dump_claims,
    mark_dirty,
    next_decision,
    store_agents,
    store_outcome,
    take_snapshot,
)
from owari.services.batch.spec import process_spec
from owari.store.encode import dumps, loads
from owari.store.secrets import secrets_of
from owari.store.tx import Tx
from owari.wire.operation import reaction


@reaction("batch", "capacity")
def on_capacity(tx: Tx, report: Report) -> None:
    """The agents said what they have: `{"agents": [{instance, vcpus, memory_mib, gpus}]}`."""
    assert report.result is not None
    store_agents(tx, report.result["agents"])
    mark_dirty(tx)


@reaction("batch", "schedule")
def on_schedule(tx: Tx, _report: Report) -> None:
    row = next_decision(tx)
    snapshot = take_snapshot(tx, row)
    if not snapshot.lines and row["reservations"] == "[]":
        store_outcome(tx, row, (), "")
        return
    decision = place(snapshot, tx.now)
    book = Book(tx)
    _start(book, snapshot, decision)
    _explain(book, decision)
    store_outcome(tx, row, decision.reservations, decision.heir)
    book.close()
    if decision.more:
        mark_dirty(tx)


def _start(book: Book, snapshot: Snapshot, decision: Decision) -> None:
    by_job: dict[str, list[Placement]] = defaultdict(list)
    for placement in decision.placements:
        by_job[placement.job].append(placement)
    for key, placements in by_job.items():
        job = book.job(*parts_of_key(key))
        assert job is not None
        if len(placements) == job.runnable:
            job.why = ""
        job.why_since = book.tx.now if job.why else 0.0
        indexes = book.take_ready(job, len(placements))
        assert len(indexes) == len(placements), f"{job.id} has fewer ready units than counted"
        for index, placement in zip(indexes, placements, strict=True):
            start_unit(book, job, index, _place(book, snapshot, placement), placement.order)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit runs, with how much of it, and what it holds: as in a task's columns."""

    environment: str
    agents: str
    claims: str


def _place(book: Book, snapshot: Snapshot, placement: Placement) -> Place:
    agents = [
        [agent, s.vcpus, s.memory, s.gpus]
        for agent, s in zip(placement.agents, placement.sizes, strict=True)
    ]
    claims = _pay(book, snapshot, placement)
    return Place(parts_of_key(placement.environment)[2], dumps(agents), dumps(claims))


def start_unit(book: Book, job: Job, index: int, place: Place, order: int) -> None:
    """A new attempt: its task, and a run for each container that waits for no other."""
    tx = book.tx
    task = book.task(job, index) or first_task(job, index)
    task.attempt += 1
    task.live, task.placed = 1, order
    task.environment, task.agents, task.claims = place.environment, place.agents, place.claims
    task.reason, task.started, task.stopped = clamped(job.line, place.agents), None, None
    body, shape = load(job.body)
    parts = [Part() for _ in shape]
    while ready := advance(shape, parts, main_node(body)).start:
        for number in ready:
            start_part(tx, job, task, parts[number], number)
    task.set_parts(parts)
    book.move(job, index, STARTING)
    book.save(task)
    if job.started is None and job.is_array:
        job.started = tx.now
    announce(book, job, index)


def first_task(job: Job, index: int) -> Task:
    """The task of a unit that never ran."""
    return Task(
        account=job.account, region=job.region, job=job.id, idx=index, attempt=0, live=0,
        placed=0, queue=resource_key(job.account, job.region, job.queue), share=job.share,
        environment="", agents="[]", claims="[]", parts="[]", attempts="[]", reason="",
        stop_reason=None, started=None, stopped=None,
    )  # fmt: skip


def start_part(tx: Tx, job: Job, task: Task, part: Part, number: int) -> None:
    """The one place where a container's run is emitted."""
    where = {"job": job.id, "index": task.idx, "attempt": task.attempt, "part": number}
    part.state = STARTED
    secret = load(job.body)[1][number].container.get("secrets")
    part.run = tx.emit(
        Run("batch", where),
        spec=None if secret else lambda: spec_of_part(tx, job, task, number),
        reply_to=ReplyTo("batch", "ended", f"{job.id}:{task.idx}:{number}"),
        account=job.account,
        region=job.region,
        principal="batch.amazonaws.com",
        trace=job.trace,
    )


def spec_of_part(tx: Tx, job: Job, task: Task, number: int) -> dict[str, Any]:
    """What compute is told of it. Raises SecretsMissing."""
    size = task.size_of_part(number)
    made = process_spec(job, task.idx, task.attempt, number, size, task.environment)
    made["variables"] |= secrets_of(tx, load(job.body)[1][number].container)
    return made


def _pay(book: Book, snapshot: Snapshot, placement: Placement) -> list[list[Any]]:
    """What it holds while it runs; what is not given back is taken off the resource for good."""
    kept = dict(placement.claims)
    for pool, n in placement.claims.items():
        if pool.kind == "consumable" and not snapshot.consumables[pool.owner].returns:
            book.tx.run(
                "UPDATE batch_consumable SET total = total - ?"
                " WHERE account = ? AND region = ? AND name = ?",
                n, *parts_of_key(pool.owner),
            )  # fmt: skip
            del kept[pool]
    return dump_claims(kept)


@lru_cache(maxsize=256)
def clamped(line: str, agents: str) -> str:
    asked = total(line_key(line).need.parts).vcpus
    given = total([Size(*agent[1:]) for agent in loads(agents)]).vcpus
    return reasons.clamped(asked, given) if given < asked else ""


def _explain(book: Book, decision: Decision) -> None:
    """Say at the head of each line why it waits; arm the queue's time limit for that."""
    for key, why in decision.reasons.items():
        job = book.job(*parts_of_key(key))
        assert job is not None
        if job.why == why and job.why_since:
            continue
        other = reasons.code_of(job.why) != reasons.code_of(why) or not job.why_since
        job.why = why
        book.touch(job)
        if other:
            job.why_since = book.tx.now
            arm(book.tx, job)
            if reasons.blocks(why):
                announce_blocked(book, job)
