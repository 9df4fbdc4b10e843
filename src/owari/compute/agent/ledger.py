"""What process runs may take of this machine: processors, memory, GPUs. Pure.

Runs wait in the order they came; who is first waits until it fits, so a large one is not passed
over for ever. One that asks more processors than there are runs alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

EPSILON = 1e-6  # vCPUs are multiples of 0.25, but their sums need not be


@dataclass(frozen=True, slots=True)
class Capacity:
    vcpus: float
    memory_mib: int
    gpus: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    vcpus: float
    memory_mib: int
    gpus: int = 0


@dataclass(slots=True)
class Ledger:
    """`take` and `give` must pair. Device numbers of GPUs are handed out, lowest first."""

    capacity: Capacity
    vcpus: float = 0.0
    memory_mib: int = 0
    gpus: set[int] = field(default_factory=set)  # free ones
    taken: int = 0

    def __post_init__(self) -> None:
        self.gpus = set(self.capacity.gpus)

    def never(self, need: Need) -> str:
        """Why this can never run here; '' when it can."""
        if need.memory_mib > self.capacity.memory_mib:
            return (
                f"it asks {need.memory_mib} MiB of memory and this machine has "
                f"{self.capacity.memory_mib} MiB for jobs"
            )
        if need.gpus > len(self.capacity.gpus):
            return f"it asks {need.gpus} GPUs and this machine has {len(self.capacity.gpus)}"
        return ""

    def fits(self, need: Need) -> bool:
        wanted = min(need.vcpus, self.capacity.vcpus)
        return (
            self.vcpus + wanted <= self.capacity.vcpus + EPSILON
            and self.memory_mib + need.memory_mib <= self.capacity.memory_mib
            and need.gpus <= len(self.gpus)
        )

    def take(self, need: Need) -> tuple[int, ...]:
        """The GPUs it gets."""
        assert self.fits(need)
        self.taken += 1
        self.vcpus += min(need.vcpus, self.capacity.vcpus)
        self.memory_mib += need.memory_mib
        chosen = tuple(sorted(self.gpus)[: need.gpus]) if need.gpus else ()
        self.gpus -= set(chosen)
        return chosen

    def give(self, need: Need, gpus: tuple[int, ...]) -> None:
        self.taken -= 1
        self.vcpus -= min(need.vcpus, self.capacity.vcpus)
        self.memory_mib -= need.memory_mib
        self.gpus |= set(gpus)
        if not self.taken:
            self.vcpus = 0.0  # what rounding left

    def sanity_check(self) -> None:
        assert self.vcpus >= -EPSILON and self.memory_mib >= 0 and self.taken >= 0
        assert self.gpus <= set(self.capacity.gpus)
