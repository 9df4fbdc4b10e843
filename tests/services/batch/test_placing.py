"""The scheduler: random workloads against what must always hold, and the rules one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from owari.services.batch import reasons
from owari.services.batch.demand import (
    Agent,
    Consumable,
    Environment,
    FairShare,
    Need,
    Queue,
)
from owari.services.batch.demands import Size
from tests.services.batch.floor import Arrived, Floor


def need(vcpus: float = 1, memory: int = 100, gpus: int = 0, **consumables: int) -> Need:
    return Need((Size(round(vcpus * 1000), memory, gpus),), tuple(sorted(consumables.items())))


def floor(*vcpus: int, memory: int = 10_000, gpus: int = 0, most: int = 1000) -> Floor:
    agents = tuple(Agent(f"m{n}", Size(v * 1000, memory, gpus)) for n, v in enumerate(vcpus))
    return Floor(agents, {"e": Environment("e", most * 1000)}, {"q": Queue("q", 1, ("e",))})


def job(id: str, seq: int, what: Need, left: int = 1, s: float = 10.0, **more: object) -> Arrived:
    made = Arrived(id, "q", "", what, 0, seq, left, s)
    return replace(made, **more)  # type: ignore[arg-type]


# ---- what must always hold
sizes = st.builds(
    Size,
    st.sampled_from([250, 500, 1000, 2000, 3000, 4000, 9000]),
    st.sampled_from([64, 512, 1000, 4000]),
    st.sampled_from([0, 0, 0, 1, 2]),
)
needs = st.builds(
    Need,
    st.tuples(sizes),
    st.sampled_from([(), (), (("lic", 1),), (("lic", 3),), (("token", 2),)]),
)
arrivals = st.lists(
    st.tuples(
        st.sampled_from(["low", "high", "fair"]),
        st.sampled_from(["a", "b", "c"]),
        needs,
        st.integers(0, 3),
        st.integers(1, 12),
        st.sampled_from([0.5, 1.0, 7.0, 30.0]),
        st.floats(0, 60),
    ),
    max_size=25,
)
halls = st.lists(
    st.builds(
        Size,
        st.sampled_from([1000, 2000, 4000, 8000]),
        st.sampled_from([600, 4000]),
        st.sampled_from([0, 2]),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=150, deadline=None)
@given(hall=halls, work=arrivals, most=st.integers(9, 20))
def test_whatever_comes_everything_that_can_run_runs_once(hall, work, most) -> None:  # type: ignore[no-untyped-def]
    agents = tuple(Agent(f"m{n}", size) for n, size in enumerate(hall))
    environments = {
        "small": Environment("small", 9_000),
        "large": Environment("large", most * 1000),
        "off": Environment("off", 100_000, enabled=False),
    }
    policy = FairShare(0, 20, (("a", 0.5), ("b*", 2.0)))
    queues = {
        "low": Queue("low", 1, ("off", "small", "large")),
        "high": Queue("high", 9, ("large",)),
        "fair": Queue("fair", 1, ("large",), policy),
    }
    consumables = {"lic": Consumable("lic", 3), "token": Consumable("token", 7, returns=False)}
    hall_floor = Floor(agents, environments, queues, consumables)
    waiting = sorted(enumerate(work), key=lambda entry: entry[1][6])
    total: Counter[str] = Counter()
    for n, (queue, share, what, priority, left, seconds, at) in waiting:
        while hall_floor.running and hall_floor.running[0][0] <= at:
            hall_floor.step()
        hall_floor.now = max(hall_floor.now, at)
        id = f"j{n}"
        share, priority = (share, priority) if queue == "fair" else ("", 0)
        hall_floor.arrive(Arrived(id, queue, share, what, priority, len(total), left, seconds))
        total[id] = left
        hall_floor.decide()
    hall_floor.run()
    ran = Counter(id for _, id in hall_floor.starts)
    for id, arrived in hall_floor.jobs.items():
        assert ran[id] + arrived.left == total[id]
        if arrived.left:
            assert _never(arrived.need, agents, hall_floor.consumables), hall_floor.reasons
    for line in hall_floor.snapshot().lines:
        assert line.jobs[0].job in hall_floor.reasons
    _check_order(hall_floor)


def _never(what: Need, agents: tuple[Agent, ...], consumables: dict[str, Consumable]) -> bool:
    (part,) = what.parts
    there = any(a.size.memory >= part.memory and a.size.gpus >= part.gpus for a in agents)
    short = any(consumables[key].total < n for key, n in what.consumables)
    return not there or short


def _check_order(hall: Floor) -> None:
    """Jobs that need the same start in order of priority, then of arrival."""
    firsts: dict[str, float] = {}
    for at, id in hall.starts:
        firsts.setdefault(id, at)
    done = [hall.jobs[id] for id in firsts]
    for one in done:
        for other in done:
            same = (one.queue, one.share, one.need) == (other.queue, other.share, other.need)
            if same and one.priority == other.priority and one.seq < other.seq:
                assert firsts[one.id] <= firsts[other.id]


@settings(max_examples=100, deadline=None)
@given(
    vcpus=st.integers(1, 4),
    work=st.lists(
        st.tuples(
            st.sampled_from(["low", "high"]),
            st.integers(0, 3),
            st.integers(1, 6),
            st.sampled_from([0.5, 1.0, 7.0]),
            st.floats(0, 20),
        ),
        max_size=25,
    ),
)
def test_nothing_starts_before_what_has_priority_over_it(vcpus, work) -> None:  # type: ignore[no-untyped-def]
    """Of jobs that need the same: a higher queue goes first, then priority within a share."""
    hall = floor(vcpus)
    hall.queues = {
        "low": Queue("low", 1, ("e",), FairShare()),
        "high": Queue("high", 9, ("e",), FairShare()),
    }

    def rank(id: str) -> tuple[int, int]:
        arrived = hall.jobs[id]
        return hall.queues[arrived.queue].priority, arrived.priority

    def check(seen: int) -> None:
        started = [rank(id) for _, id in hall.starts[seen:]]
        waiting = [rank(id) for id, arrived in hall.jobs.items() if arrived.left]
        assert not started or not waiting or min(started) >= max(waiting)

    for n, (queue, priority, left, seconds, at) in enumerate(sorted(work, key=lambda w: w[4])):
        while hall.running and hall.running[0][0] <= at:
            seen = len(hall.starts)
            hall.step()
            check(seen)
        hall.now = max(hall.now, at)
        hall.arrive(Arrived(f"j{n}", queue, "s", need(1), priority, n, left, seconds))
        seen = len(hall.starts)
        hall.decide()
        check(seen)
    hall.run()
    assert len(hall.starts) == sum(left for _, _, left, _, _ in work)


@settings(max_examples=60, deadline=None)
@given(
    small=st.lists(st.tuples(st.sampled_from([1, 2]), st.floats(1, 10)), min_size=30, max_size=60),
    wanted=st.integers(2, 6),
)
def test_a_large_job_starts_once_what_ran_before_it_has_ended(small, wanted) -> None:  # type: ignore[no-untyped-def]
    hall = floor(6)
    for n, (vcpus, seconds) in enumerate(small[: len(small) // 2]):
        hall.arrive(job(f"before{n}", n, need(vcpus), s=seconds))
    hall.decide()
    ends = max(end for end, *_ in hall.running)
    hall.arrive(job("large", -1, need(wanted)))  # next in line
    for n, (vcpus, seconds) in enumerate(small):
        hall.arrive(job(f"after{n}", 1000 + n, need(vcpus), s=seconds))
    hall.run()
    assert hall.started_at("large")[0] <= ends
    assert len(hall.starts) == len(small) // 2 + len(small) + 1


# ---- rule by rule
def test_higher_queues_first_then_first_come_first_served() -> None:
    hall = floor(1)
    hall.queues = {"q": Queue("q", 1, ("e",)), "vip": Queue("vip", 5, ("e",))}
    for n in range(3):
        hall.arrive(job(f"q{n}", n, need()))
        hall.arrive(job(f"v{n}", 10 + n, need(), queue="vip"))
    hall.run()
    assert [id for _, id in hall.starts] == ["v0", "v1", "v2", "q0", "q1", "q2"]


def test_small_jobs_fill_up_what_the_large_one_leaves() -> None:
    hall = floor(4)
    hall.arrive(job("first", 0, need(3), s=10))
    hall.arrive(job("large", 1, need(3), s=10))
    hall.arrive(job("small", 2, need(1), left=100, s=4))
    hall.run()
    assert hall.started_at("large") == [10.0]
    assert hall.started_at("small")[:3] == [0.0, 4.0, 8.0]


def test_each_child_of_a_large_array_leaves_room_to_fill_up() -> None:
    hall = floor(4)
    hall.arrive(job("large", 0, need(3), left=5, s=10))
    hall.arrive(job("small", 1, need(1), left=12, s=4))
    hall.run()
    assert hall.started_at("large") == [0.0, 10.0, 20.0, 30.0, 40.0]
    assert hall.started_at("small") == [4.0 * n for n in range(12)]


def test_the_large_one_keeps_nothing_on_other_machines() -> None:
    hall = floor(4, 2)
    hall.arrive(job("first", 0, need(3), s=10))
    hall.arrive(job("large", 1, need(4)))
    hall.arrive(job("small", 2, need(1), left=4, s=10))
    hall.run()
    assert hall.started_at("large") == [10.0]
    assert hall.started_at("small")[:2] == [0.0, 0.0]


def test_more_vcpus_than_there_are_run_alone_and_it_is_said() -> None:
    hall = floor(4)
    hall.arrive(job("small", 0, need(1)))
    hall.arrive(job("huge", 1, need(64)))
    decision = hall.decide()
    assert "the largest machine has 4: it runs alone" in decision.reasons["huge"]
    hall.run()
    assert hall.started_at("huge") == [10.0]


def test_memory_that_never_fits_is_said_and_holds_up_nobody() -> None:
    hall = floor(4, memory=1000)
    hall.arrive(job("never", 0, need(1, memory=2000)))
    hall.arrive(job("other", 1, need(4, memory=1000)))
    decision = hall.decide()
    assert reasons.code_of(decision.reasons["never"]) == reasons.REQUIREMENT
    assert "2000 MiB of memory, and the largest machine has 1000" in decision.reasons["never"]
    assert hall.started_at("other") == [0.0]


def test_limits_of_environments_are_real() -> None:
    hall = floor(16, most=3)
    hall.arrive(job("a", 0, need(2), left=2))
    hall.arrive(job("big", 1, need(4)))
    decision = hall.decide()
    assert len(decision.placements) == 1
    assert "at their maxvCpus" in decision.reasons["a"]
    assert reasons.code_of(decision.reasons["big"]) == reasons.ENVIRONMENT_MAX


def test_the_next_environment_is_used_when_the_first_is_full() -> None:
    hall = floor(16)
    hall.environments = {"e": Environment("e", 2000), "f": Environment("f", 4000)}
    hall.queues = {"q": Queue("q", 1, ("e", "f"))}
    hall.arrive(job("a", 0, need(2), left=5))
    assert [p.environment for p in hall.decide().placements] == ["e", "f", "f"]


def test_consumables_are_borrowed_or_used_up() -> None:
    hall = floor(16)
    hall.consumables = {"lic": Consumable("lic", 2), "token": Consumable("token", 3, returns=False)}
    hall.arrive(job("borrows", 0, need(1, lic=1), left=5))
    hall.arrive(job("uses", 1, need(1, token=1), left=5))
    decision = hall.decide()
    assert Counter(p.job for p in decision.placements) == {"borrows": 2, "uses": 3}
    assert "consumable resource token: 1 needed, 0 available" in decision.reasons["uses"]
    hall.run()
    assert len(hall.started_at("borrows")) == 5
    assert len(hall.started_at("uses")) == 3


def test_gpus_are_counted() -> None:
    hall = floor(16, gpus=2)
    hall.arrive(job("gpu", 0, need(1, gpus=1), left=3))
    hall.arrive(job("never", 1, need(1, gpus=3)))
    decision = hall.decide()
    assert len(decision.placements) == 2
    assert "3 GPUs, and the largest machine has 2" in decision.reasons["never"]


def test_shares_get_their_parts() -> None:
    """A weight factor of a half means twice as much."""
    hall = floor(9)
    hall.queues = {"q": Queue("q", 1, ("e",), FairShare(0, 0, (("a", 0.5), ("b", 1.0))))}
    hall.arrive(job("a", 5, need(), left=50, share="a"))
    hall.arrive(job("b", 0, need(), left=50, share="b"))
    started = Counter(p.job for p in hall.decide().placements)
    assert started == {"a": 6, "b": 3}


def test_past_use_counts_until_it_has_decayed() -> None:
    hall = floor(2)
    hall.queues = {"q": Queue("q", 1, ("e",), FairShare(600))}
    hall.usage = {("q", "a"): 600 * 5000.0}  # five vCPUs lately
    hall.arrive(job("a", 0, need(), share="a"))
    hall.arrive(job("b", 1, need(), left=2, share="b"))
    assert [p.job for p in hall.decide().placements] == ["b", "b"]


def test_scheduling_priority_counts_within_a_share() -> None:
    hall = floor(1)
    hall.queues = {"q": Queue("q", 1, ("e",), FairShare())}
    hall.arrive(job("low", 0, need(), share="a", priority=1))
    hall.arrive(job("high", 1, need(), share="a", priority=9))
    hall.run()
    assert [id for _, id in hall.starts] == ["high", "low"]


def test_room_is_reserved_for_shares_that_are_not_active() -> None:
    """Half of the environment, with one active share (50 % to the power of 1)."""
    hall = floor(16, most=8)
    hall.queues = {"q": Queue("q", 1, ("e",), FairShare(0, 50))}
    hall.arrive(job("a", 0, need(), left=8, share="a"))
    assert len(hall.decide().placements) == 4
    hall.arrive(job("b", 1, need(), left=8, share="b"))
    assert Counter(p.job for p in hall.decide().placements)["b"] >= 1


def test_parts_start_together_or_not_at_all() -> None:
    hall = floor(2, 2)
    nodes = Need((Size(1000, 100),) * 3)
    hall.arrive(job("busy", 0, need(2), s=5))
    hall.arrive(job("nodes", 1, nodes))
    hall.run()
    assert hall.started_at("nodes") == [5.0]


def test_no_environment_is_said() -> None:
    hall = floor(2)
    hall.environments = {"e": Environment("e", 1000, enabled=False)}
    hall.arrive(job("a", 0, need()))
    assert hall.decide().reasons["a"] == reasons.NO_ENVIRONMENT


def test_without_a_machine_everything_waits() -> None:
    hall = floor()
    hall.arrive(job("a", 0, need()))
    assert hall.decide().reasons == {"a": reasons.NO_MACHINE}


def test_one_decision_is_bounded_and_asks_for_another() -> None:
    hall = floor(1000, memory=1_000_000)
    hall.arrive(job("a", 0, need(), left=10_000))
    hall.decide()
    assert len(hall.starts) == 1000
