"""What is free, and what of it is being kept for someone.

A *claim* on pools is made for a job that does not fit yet (see placing.py). Jobs behind it may
still use a claimed pool as long as all that was placed there since the claim was made leaves the
claimed amount once everything older has ended: they fill up without putting it off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from owari.services.batch.demand import Claims, Held, Pool, Snapshot


@dataclass(slots=True)
class Room:
    total: dict[Pool, int]
    free: dict[Pool, int]
    claimed: dict[Pool, int] = field(default_factory=dict)  # pool -> what may still be filled up

    def lacking(self, claims: Claims) -> Pool | None:
        """The first pool that has not enough left, not looking at who else claims it."""
        return next((pool for pool, n in claims.items() if self.free.get(pool, 0) < n), None)

    def is_kept(self, claims: Claims) -> bool:
        """Taking this would put off a job ahead."""
        return any(
            n > self.claimed[pool] for pool, n in claims.items() if n and pool in self.claimed
        )

    def take(self, claims: Claims) -> None:
        for pool, n in claims.items():
            self.free[pool] -= n
            assert self.free[pool] >= 0, f"{pool} is over capacity"
            if pool in self.claimed:
                self.claimed[pool] -= n

    def keep(self, claims: Claims, since: int, held: Iterable[Held]) -> None:
        """Keep this much for a job, of all that was placed before `since`."""
        for pool, n in claims.items():
            younger = sum(h.claims.get(pool, 0) for h in held if h.since >= since)
            self.claimed[pool] = self.total[pool] - n - younger


def room_in(snapshot: Snapshot) -> Room:
    total: dict[Pool, int] = {}
    for agent in snapshot.agents:
        total[Pool("vcpus", agent.instance)] = agent.size.vcpus
        total[Pool("memory", agent.instance)] = agent.size.memory
        total[Pool("gpus", agent.instance)] = agent.size.gpus
    for environment in snapshot.environments.values():
        if environment.max_vcpus is not None:
            total[Pool("environment", environment.key)] = environment.max_vcpus
    for consumable in snapshot.consumables.values():
        total[Pool("consumable", consumable.key)] = consumable.total
    free = dict(total)
    for held in snapshot.held:
        for pool, n in held.claims.items():
            if pool in free:  # it may be gone: an agent lost, an environment deleted
                free[pool] -= n
    return Room(total, free)
