"""What all environments of a machine take, and whether one more fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from owari.compute.pool.family import Environment, Family


@dataclass(frozen=True, slots=True)
class Bounds:
    memory_mib: int
    free_growth: int  # environments at work at the same time, of all families
    environments_max: int = 1_000
    idle_s: float = 600.0
    age_s: float = 12 * 3600.0  # an environment's credentials are good for longer than this


class Ledger:
    """Alone on the machine, an environment of any size fits."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.environments: dict[int, Environment] = {}
        self.memory_mib = 0
        self.reserved_mib = 0  # of the bound: taken by jobs

    def add(self, environment: Environment) -> None:
        self.environments[environment.number] = environment
        self.memory_mib += environment.memory_mib

    def remove(self, environment: Environment) -> None:
        del self.environments[environment.number]
        self.memory_mib -= environment.memory_mib

    def free_for_all(self) -> int:
        return self.bounds.memory_mib - self.reserved_mib

    def held_mib(self, families: Iterable[Family]) -> int:
        """Memory that cannot be had by evicting idle environments."""
        return self.memory_mib - sum(e.memory_mib for f in families for e in evictable(f))

    def fits(self, memory_mib: int, families: Iterable[Family]) -> bool:
        """Whether there would be room if every idle environment were evicted."""
        idle = [e for f in families for e in evictable(f)]
        count = len(self.environments) - len(idle)
        memory = self.memory_mib - sum(e.memory_mib for e in idle)
        if count == 0:
            return True
        return count < self.bounds.environments_max and memory + memory_mib <= self.free_for_all()

    def has_room(self, memory_mib: int) -> bool:
        if not self.environments:
            return True
        return (
            len(self.environments) < self.bounds.environments_max
            and self.memory_mib + memory_mib <= self.free_for_all()
        )

    def is_overdrawn(self) -> bool:
        return self.memory_mib > self.free_for_all()


def evictable(family: Family) -> list[Environment]:
    """Its idle environments but those that are kept, the least recently used first."""
    return family.idle[: family.spare]


def oldest(families: Iterable[Family]) -> Environment | None:
    """The least recently used of the idle ones that may go."""
    heads = [f.idle[0] for f in families if f.spare]
    return min(heads, key=lambda e: e.since, default=None)
