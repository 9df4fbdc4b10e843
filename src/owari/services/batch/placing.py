"""`place`: which waiting jobs start now. A pure function of a snapshot.

Theory of operation. Jobs are looked at in order of precedence: the queue's priority, then (fair
share) the share that has used least, then the job's scheduling priority, then first come first
served. Jobs of one line need the same, so the first that does not fit speaks for all behind it.

No starvation: the first job that does not fit gets a *reservation* of what it waits for. Jobs
behind it may fill up what it will not need, but nothing placed since then can take what it
waits for, so it starts when what was running at that moment has ended, at the latest. The next
job that does not fit may reserve too, where nobody ahead of it has.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from owari.services.batch import reasons, shares
from owari.services.batch.demand import (
    Claims,
    Decision,
    Line,
    Placement,
    Queue,
    Reservation,
    Snapshot,
    Waiting,
)
from owari.services.batch.fitting import Blocked, Fits, fit
from owari.services.batch.room import Room, room_in

PLACEMENTS_MAX = 200  # of one decision; the rest is decided next (fairness to other work)
ORDERS = 1_000  # more than that: room for an order number per placement of a decision

Key = tuple[int, float, int, int]


@dataclass(slots=True)
class _Standing:
    """How far a line has been served in this decision."""

    line: Line
    position: int = 0
    taken: int = 0  # units of the job at `position`

    @property
    def head(self) -> Waiting | None:
        jobs = self.line.jobs
        return jobs[self.position] if self.position < len(jobs) else None

    def served(self) -> None:
        head = self.head
        assert head is not None
        self.taken += 1
        if self.taken == head.ready:
            self.position += 1
            self.taken = 0


@dataclass(slots=True)
class _Shares:
    """What each share of a fair-share queue uses, this decision's placements included."""

    now: dict[str, int]
    lately: dict[str, float]

    @property
    def active(self) -> set[str]:
        return {share for share, vcpus in self.now.items() if vcpus}


@dataclass(slots=True)
class _Turn:
    snapshot: Snapshot
    room: Room
    shares: dict[str, _Shares] = field(default_factory=dict)
    placements: list[Placement] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    reservations: list[Reservation] = field(default_factory=list)
    heir: str | None = None  # None: nobody has had to wait for room yet

    @property
    def order(self) -> int:
        """Numbers placements across decisions; also the moment before the next one."""
        return self.snapshot.decision * ORDERS + len(self.placements)


def place(snapshot: Snapshot, now: float) -> Decision:
    """What starts now. The same snapshot gives the same answer, `now` only dates it."""
    if not snapshot.agents:
        heads = [line.jobs[0].job for line in snapshot.lines if line.jobs]
        return Decision((), dict.fromkeys(heads, reasons.NO_MACHINE), (), False)
    turn = _Turn(snapshot, room_in(snapshot))
    turn.shares = {key: _shares_of(snapshot, queue) for key, queue in _fair(snapshot)}
    more = _serve(turn)
    heir = "" if more else turn.heir or ""
    return Decision(tuple(turn.placements), turn.reasons, tuple(turn.reservations), more, heir)


def _serve(turn: _Turn) -> bool:
    """True when it stopped before everything was looked at."""
    standings = [_Standing(line) for line in turn.snapshot.lines if line.jobs]
    heap = [(_key(turn, s), number) for number, s in enumerate(standings)]
    heapq.heapify(heap)
    exhausted = False
    while heap:
        known, number = heapq.heappop(heap)
        standing = standings[number]
        key = _key(turn, standing)
        if key > known:  # its share got something meanwhile: others may come first now
            heapq.heappush(heap, (key, number))
            continue
        if len(turn.placements) == PLACEMENTS_MAX:
            return True
        if not _serve_head(turn, standing):
            continue
        if standing.head is None:
            exhausted = True
        else:
            heapq.heappush(heap, (_key(turn, standing), number))
    return exhausted


def _serve_head(turn: _Turn, standing: _Standing) -> bool:
    """Place one unit of the line's first job. False when it has to wait."""
    line, head = standing.line, standing.head
    assert head is not None
    queue = turn.snapshot.queues[line.queue]
    match fit(line.need, queue, turn.snapshot, turn.room, _limits(turn, queue, line.share)):
        case Fits(environment, agents, sizes, claims):
            turn.room.take(claims)
            turn.placements.append(
                Placement(head.job, environment, agents, sizes, claims, turn.order)
            )
            if queue.fair is not None:
                used = turn.shares[queue.key].now
                used[line.share] = used.get(line.share, 0) + sum(s.vcpus for s in sizes)
            standing.served()
            return True
        case Blocked(reason, claims):
            turn.reasons[head.job] = reason
            if claims is not None:
                if turn.heir is None:
                    turn.heir = head.job if queue.fair is None else ""
                _reserve(turn, head.job, claims)
    return False


def _reserve(turn: _Turn, job: str, claims: Claims) -> None:
    """What it kept before goes on being kept, if it still waits for the same."""
    made = _kept(turn, job, claims) or Reservation(job, turn.order, claims)
    if any(pool in turn.room.claimed for pool in made.claims):
        return
    turn.room.keep(made.claims, made.since, turn.snapshot.held)
    for placement in turn.placements:
        for pool, n in placement.claims.items():
            if pool in made.claims and placement.order >= made.since:
                turn.room.claimed[pool] -= n
    turn.reservations.append(made)


def _kept(turn: _Turn, job: str, claims: Claims) -> Reservation | None:
    """Its reservation from before, unless one of its units took it up."""
    before = next((r for r in turn.snapshot.reservations if r.job == job), None)
    if before is None or any(placement.job == job for placement in turn.placements):
        return None
    there = all(turn.room.total.get(pool, -1) >= n for pool, n in before.claims.items())
    return before if there and _same_kinds(before.claims, claims) else None


def _same_kinds(one: Claims, other: Claims) -> bool:
    """They claim as much of the same kinds, though perhaps from another agent."""
    return sorted((p.kind, n) for p, n in one.items()) == sorted(
        (p.kind, n) for p, n in other.items()
    )


def _key(turn: _Turn, standing: _Standing) -> Key:
    line, head = standing.line, standing.head
    assert head is not None
    queue = turn.snapshot.queues[line.queue]
    score = 0.0
    if queue.fair is not None:
        used = turn.shares[queue.key]
        now, lately = used.now.get(line.share, 0), used.lately.get(line.share, 0.0)
        score = shares.score(queue.fair, line.share, now, lately)
    return -queue.priority, score, -head.priority, head.seq


def _limits(turn: _Turn, queue: Queue, share: str) -> dict[str, int]:
    if queue.fair is None or not queue.fair.reservation_percent:
        return {}
    active = turn.shares[queue.key].active
    if share not in active:
        return {}
    environments = (turn.snapshot.environments.get(key) for key in queue.environments)
    return {
        e.key: shares.usable(queue.fair, e.max_vcpus, len(active))
        for e in environments
        if e is not None and e.max_vcpus is not None
    }


def _fair(snapshot: Snapshot) -> Iterator[tuple[str, Queue]]:
    return ((key, queue) for key, queue in snapshot.queues.items() if queue.fair is not None)


def _shares_of(snapshot: Snapshot, queue: Queue) -> _Shares:
    lately = {share: n for (key, share), n in snapshot.usage.items() if key == queue.key}
    return _Shares(shares.used_now(snapshot.held, queue.key), lately)
