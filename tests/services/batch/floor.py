"""A machine hall for the scheduler alone: units start as it decides and end when their time is up.

Every decision is checked: nothing is over capacity, nobody starts twice, and what it says about a
line that waits is true.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from owari.services.batch.demand import (
    Agent,
    Consumable,
    Decision,
    Environment,
    Held,
    Line,
    Need,
    Pool,
    Queue,
    Reservation,
    Snapshot,
    Waiting,
)
from owari.services.batch.placing import place


@dataclass
class Arrived:
    """A job: `left` units that have not started."""

    id: str
    queue: str
    share: str
    need: Need
    priority: int
    seq: int
    left: int
    duration_s: float


@dataclass
class Floor:
    agents: tuple[Agent, ...]
    environments: Mapping[str, Environment]
    queues: Mapping[str, Queue]
    consumables: dict[str, Consumable] = field(default_factory=dict)
    now: float = 0.0
    decision: int = 0
    jobs: dict[str, Arrived] = field(default_factory=dict)
    running: list[tuple[float, int, str, Held]] = field(default_factory=list)
    reservations: tuple[Reservation, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    starts: list[tuple[float, str]] = field(default_factory=list)
    usage: dict[tuple[str, str], float] = field(default_factory=dict)
    serial: int = 0

    def arrive(self, job: Arrived) -> None:
        self.jobs[job.id] = job

    def snapshot(self) -> Snapshot:
        lines: dict[tuple[str, str, Need], list[Waiting]] = defaultdict(list)
        for job in sorted(self.jobs.values(), key=lambda j: (-j.priority, j.seq)):
            if job.left:
                waiting = Waiting(job.id, job.priority, job.seq, job.left)
                lines[job.queue, job.share, job.need].append(waiting)
        return Snapshot(
            decision=self.decision,
            agents=self.agents,
            environments=self.environments,
            queues=self.queues,
            lines=tuple(Line(*key, tuple(jobs[:64])) for key, jobs in lines.items()),
            held=tuple(held for *_, held in self.running),
            consumables=self.consumables,
            reservations=self.reservations,
            usage=self.usage,
        )

    def decide(self) -> Decision:
        self.decision += 1
        made = place(self.snapshot(), self.now)
        assert made == place(self.snapshot(), self.now)
        self.reservations, self.reasons = made.reservations, made.reasons
        for placement in made.placements:
            job = self.jobs[placement.job]
            job.left -= 1
            assert job.left >= 0, f"{job.id} was placed too often"
            self._start(job, placement.claims, placement.order)
        self.check_capacity()
        if made.more:
            self.decide()
        return made

    def _start(self, job: Arrived, claims: Mapping[Pool, int], order: int) -> None:
        kept = dict(claims)
        for pool, n in claims.items():
            if pool.kind == "consumable" and not self.consumables[pool.owner].returns:
                resource = self.consumables[pool.owner]
                self.consumables[pool.owner] = replace(resource, total=resource.total - n)
                del kept[pool]
        self.serial += 1
        held = Held(job.queue, job.share, kept, order)
        heapq.heappush(self.running, (self.now + job.duration_s, self.serial, job.id, held))
        self.starts.append((self.now, job.id))

    def check_capacity(self) -> None:
        used: dict[Pool, int] = defaultdict(int)
        for *_, held in self.running:
            for pool, n in held.claims.items():
                used[pool] += n
        for agent in self.agents:
            assert used[Pool("vcpus", agent.instance)] <= agent.size.vcpus
            assert used[Pool("memory", agent.instance)] <= agent.size.memory
            assert used[Pool("gpus", agent.instance)] <= agent.size.gpus
        for e in self.environments.values():
            assert e.max_vcpus is None or used[Pool("environment", e.key)] <= e.max_vcpus
        for c in self.consumables.values():
            assert c.total >= 0 and (not c.returns or used[Pool("consumable", c.key)] <= c.total)

    def step(self) -> bool:
        """To the next end of a unit. False when nothing runs."""
        if not self.running:
            return False
        self.now = self.running[0][0]
        while self.running and self.running[0][0] <= self.now:
            heapq.heappop(self.running)
        self.decide()
        return True

    def run(self) -> None:
        self.decide()
        while self.step():
            pass

    def started_at(self, id: str) -> list[float]:
        return [at for at, job in self.starts if job == id]
