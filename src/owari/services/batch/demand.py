"""What the scheduler is shown and what it answers. All of it plain values.

vCPUs are in thousandths, memory in MiB, times in seconds. Queues, jobs and environments are named
by opaque keys: the scheduler sees all accounts of the machine at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from owari.services.batch.demands import Size


class Pool(NamedTuple):
    """Something that runs out: ("vcpus", agent), ("environment", key), ("consumable", key)."""

    kind: str
    owner: str


Claims = Mapping[Pool, int]


@dataclass(frozen=True, slots=True)
class Need:
    """What one unit takes: a size per container that runs at once, and consumables."""

    parts: tuple[Size, ...]
    consumables: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Agent:
    instance: str
    size: Size


@dataclass(frozen=True, slots=True)
class Environment:
    """`max_vcpus` None: no limit of its own (UNMANAGED)."""

    key: str
    max_vcpus: int | None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Consumable:
    """`total` of a resource that is not given back is what is left of it."""

    key: str
    total: int
    returns: bool = True


@dataclass(frozen=True, slots=True)
class FairShare:
    """`weights` by share identifier; a key that ends in `*` is a prefix. Lower weighs more."""

    decay_s: int = 0
    reservation_percent: int = 0
    weights: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    key: str
    priority: int
    environments: tuple[str, ...]
    fair: FairShare | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job with `ready` units that could start."""

    job: str
    priority: int
    seq: int
    ready: int


@dataclass(frozen=True, slots=True)
class Line:
    """Jobs of one queue and share that need the same, first come first."""

    queue: str
    share: str
    need: Need
    jobs: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What a running unit has taken. `since`: the order number of its placement."""

    queue: str
    share: str
    claims: Claims
    since: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """Room that is being kept for the first job that does not fit, since that order number."""

    job: str
    since: int
    claims: Claims


@dataclass(frozen=True, slots=True)
class Snapshot:
    decision: int
    agents: tuple[Agent, ...]
    environments: Mapping[str, Environment]
    queues: Mapping[str, Queue]
    lines: tuple[Line, ...]
    held: tuple[Held, ...] = ()
    consumables: Mapping[str, Consumable] = field(default_factory=dict)
    reservations: tuple[Reservation, ...] = ()
    usage: Mapping[tuple[str, str], float] = field(default_factory=dict)  # of shares, decayed


@dataclass(frozen=True, slots=True)
class Placement:
    """One unit of the job starts: a part per agent named, in the order of the need's parts."""

    job: str
    environment: str
    agents: tuple[str, ...]
    sizes: tuple[Size, ...]  # as given; vCPUs may be fewer than asked for
    claims: Claims
    order: int  # greater than that of every placement before


@dataclass(frozen=True, slots=True)
class Decision:
    """`reasons`: why the first job of a line that did not fit waits. `more`: ask again.

    `heir`: the job that comes before all others that wait for room; as long as nothing else
    happens, a place that one of its own units leaves is its (handover.py). "": nobody.
    """

    placements: tuple[Placement, ...]
    reasons: Mapping[str, str]
    reservations: tuple[Reservation, ...]
    more: bool
    heir: str = ""
