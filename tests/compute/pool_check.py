"""The invariants of the pool, for its tests."""

from __future__ import annotations

from owari.compute.pool.family import State
from owari.compute.pool.pool import Pool


def sanity_check(pool: Pool) -> None:
    """What must hold between any two events."""
    every = list(pool.environments.values())
    assert pool.memory_mib == sum(e.memory_mib for e in every)
    assert pool.memory_mib <= pool.bounds.memory_mib or len(every) == 1
    assert len(every) <= pool.bounds.environments_max
    for environment in every:
        assert (environment.state is State.BUSY) == (environment.call is not None)
        assert pool.families[environment.family.identity] is environment.family
        assert (environment in environment.family.idle) == (environment.state is State.IDLE)
    for family in pool.families.values():
        members = [e for e in every if e.family is family]
        assert family.size == len(members)
        assert members or family.waiting or family.kept
        assert family.starting == sum(e.state is State.STARTING for e in members)
        assert family.finishing == sum(e.answered for e in members)
        assert family.busy == sum(e.state is State.BUSY for e in members)
        assert not (family.idle and family.waiting), "a call waits beside an idle environment"
        assert not family.idle or pool.current[family.slot] == family.identity
    _check_calls(pool)


def _check_calls(pool: Pool) -> None:
    waiting = [call for f in pool.families.values() for _, call in f.waiting]
    running = [e.call for e in pool.environments.values() if e.call and not e.answered]
    assert len(waiting) == pool.waiting
    assert {c.number for c in waiting + running} == set(pool.calls.places)
    counts: dict[str, int] = {}
    for call in waiting + running:
        counts[call.function] = counts.get(call.function, 0) + 1
    assert counts == pool.calls.in_flight
