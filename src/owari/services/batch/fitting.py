"""Where one unit would go: which environment, which agents, what it takes there.

vCPUs beyond the largest agent are clamped to it, so such a job runs alone there; memory and GPUs
never are. The parts of a job (nodes, containers) start together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from owari.services.batch import reasons
from owari.services.batch.demand import Agent, Claims, Environment, Need, Pool, Queue, Snapshot
from owari.services.batch.demands import Size, total
from owari.services.batch.room import Room


@dataclass(frozen=True, slots=True)
class Fits:
    environment: str
    agents: tuple[str, ...]
    sizes: tuple[Size, ...]
    claims: Claims


@dataclass(frozen=True, slots=True)
class Blocked:
    """`claims`: what it waits for, where; None when it can never be had."""

    reason: str
    claims: Claims | None = None


def clamp(need: Need, agents: tuple[Agent, ...]) -> tuple[Size, ...]:
    """The parts with no more vCPUs than the largest agent that has the memory and GPUs for them."""
    parts = tuple(replace(p, vcpus=min(p.vcpus, _most_vcpus(p, agents))) for p in need.parts)
    there = sum(a.size.vcpus for a in agents)
    asked = sum(p.vcpus for p in parts)
    if asked <= there:
        return parts
    return tuple(replace(p, vcpus=max(1, p.vcpus * there // asked)) for p in parts)


def _most_vcpus(part: Size, agents: tuple[Agent, ...]) -> int:
    """All it asks for when no agent has the rest: then it never fits."""
    able = (
        a.size.vcpus for a in agents if a.size.memory >= part.memory and a.size.gpus >= part.gpus
    )
    return max(able, default=part.vcpus)


def fit(
    need: Need, queue: Queue, snapshot: Snapshot, room: Room, limits: dict[str, int]
) -> Fits | Blocked:
    """`limits`: vCPUs that may be used of an environment where that is less than its maximum."""
    asked = total(need.parts)
    parts = clamp(need, snapshot.agents)
    if _spread(parts, snapshot.agents, room.total) is None:
        largest = Size(
            0,
            *(
                max((getattr(a.size, n) for a in snapshot.agents), default=0)
                for n in ("memory", "gpus")
            ),
        )
        return Blocked(reasons.never_fits(asked, largest))
    usable = [
        e
        for e in _environments(queue, snapshot)
        if e.max_vcpus is None or asked.vcpus <= e.max_vcpus
    ]
    if not usable:
        some = any(True for _ in _environments(queue, snapshot))
        return Blocked(
            reasons.environment_too_small(asked.vcpus) if some else reasons.NO_ENVIRONMENT
        )
    short = _short_of(need, snapshot, room)
    if short is not None:
        return short
    return _somewhere(need, parts, asked, usable, snapshot, room, limits)


def _somewhere(
    need: Need,
    parts: tuple[Size, ...],
    asked: Size,
    usable: list[Environment],
    snapshot: Snapshot,
    room: Room,
    limits: dict[str, int],
) -> Fits | Blocked:
    open_to_it = [e for e in usable if not _is_full(e, asked.vcpus, room, limits)]
    agents = _spread(parts, snapshot.agents, room.free)
    kept = False
    if agents is not None:
        for environment in open_to_it:
            claims = _claims(need, parts, asked, environment, agents)
            if not room.is_kept(claims):
                return Fits(environment.key, agents, parts, claims)
            kept = True
    if kept:
        other = _unkept(need, parts, asked, open_to_it, snapshot, room)
        return other or Blocked(reasons.RESERVED)
    wanted = _spread(parts, _emptiest(snapshot.agents, room), room.total)
    assert wanted is not None
    environment = open_to_it[0] if open_to_it else usable[0]
    claims = _claims(need, parts, asked, environment, wanted)
    reason = reasons.busy(total(parts)) if open_to_it else reasons.environment_full(asked.vcpus)
    if asked.vcpus > total(parts).vcpus:
        reason = f"{reason} {reasons.clamped(asked.vcpus, total(parts).vcpus)}"
    return Blocked(reason, claims)


def _unkept(
    need: Need,
    parts: tuple[Size, ...],
    asked: Size,
    environments: list[Environment],
    snapshot: Snapshot,
    room: Room,
) -> Fits | None:
    """Agents that nobody waits for."""
    others = tuple(a for a in snapshot.agents if Pool("vcpus", a.instance) not in room.claimed)
    agents = _spread(parts, others, room.free)
    if agents is None:
        return None
    for environment in environments:
        claims = _claims(need, parts, asked, environment, agents)
        if not room.is_kept(claims):
            return Fits(environment.key, agents, parts, claims)
    return None


def _environments(queue: Queue, snapshot: Snapshot) -> Iterator[Environment]:
    for key in queue.environments:
        environment = snapshot.environments.get(key)
        if environment is not None and environment.enabled:
            yield environment


def _is_full(e: Environment, vcpus: int, room: Room, limits: dict[str, int]) -> bool:
    if e.max_vcpus is None:
        return False
    free = room.free[Pool("environment", e.key)]
    used = e.max_vcpus - free
    limit = limits.get(e.key, e.max_vcpus)
    return free < vcpus or (used > 0 and used + vcpus > limit)


def _short_of(need: Need, snapshot: Snapshot, room: Room) -> Blocked | None:
    for key, quantity in need.consumables:
        pool = Pool("consumable", key)
        consumable = snapshot.consumables.get(key)
        free = max(room.free.get(pool, 0), 0)
        if free >= quantity and not room.is_kept({pool: quantity}):
            continue
        waits = consumable is not None and consumable.returns and consumable.total >= quantity
        unclaimed = waits and pool not in room.claimed
        reason = reasons.consumable_short(key, quantity, free)
        return Blocked(reason, {pool: quantity} if unclaimed else None)
    return None


def _spread(
    parts: tuple[Size, ...], agents: tuple[Agent, ...], there: dict[Pool, int]
) -> tuple[str, ...] | None:
    """An agent for each part: the one with the least vCPUs left that has room. None: nowhere."""
    left = {
        a.instance: [there[Pool(kind, a.instance)] for kind in ("vcpus", "memory", "gpus")]
        for a in agents
    }
    chosen = []
    for part in parts:
        wanted = (part.vcpus, part.memory, part.gpus)
        able = [
            i for i, has in left.items() if all(h >= w for h, w in zip(has, wanted, strict=True))
        ]
        if not able:
            return None
        best = min(able, key=lambda i: (left[i][2] if not part.gpus else 0, left[i][0]))
        left[best] = [h - w for h, w in zip(left[best], wanted, strict=True)]
        chosen.append(best)
    return tuple(chosen)


def _emptiest(agents: tuple[Agent, ...], room: Room) -> tuple[Agent, ...]:
    """Those where room will come soonest, and nobody waits yet, first."""
    return tuple(
        sorted(
            agents,
            key=lambda a: (
                Pool("vcpus", a.instance) in room.claimed,
                -room.free[Pool("vcpus", a.instance)],
            ),
        )
    )


def _claims(
    need: Need,
    parts: tuple[Size, ...],
    asked: Size,
    environment: Environment,
    agents: tuple[str, ...],
) -> dict[Pool, int]:
    claims: dict[Pool, int] = {}
    for part, agent in zip(parts, agents, strict=True):
        for kind, n in (("vcpus", part.vcpus), ("memory", part.memory), ("gpus", part.gpus)):
            if n:
                pool = Pool(kind, agent)
                claims[pool] = claims.get(pool, 0) + n
    if environment.max_vcpus is not None:
        claims[Pool("environment", environment.key)] = asked.vcpus
    for key, quantity in need.consumables:
        claims[Pool("consumable", key)] = quantity
    return claims
