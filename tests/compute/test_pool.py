"""The pool: events in, instructions out."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from owari.compute.pool.family import FINISHING_S, State
from owari.compute.pool.instructions import (
    Call,
    Expire,
    Fail,
    Instruction,
    Invoke,
    Retire,
    Start,
    Throttle,
)
from owari.compute.pool.ledger import Bounds
from owari.compute.pool.pool import (
    GROWTH_INTERVAL_S,
    IMPATIENT_WAIT_S,
    INIT_TIMEOUT_S,
    SATURATED_INTERVAL_S,
    Pool,
)
from tests.compute.pool_check import sanity_check

THROTTLED = "ReservedFunctionConcurrentInvocationLimitExceeded"


def call(number: int, identity: str = "f", **changes: object) -> Call:
    values: dict[str, object] = {
        "number": number,
        "function": identity[0],
        "environment": identity,
        "slot": identity[0],
        "memory_mib": 100,
        "timeout_s": 3.0,
    }
    return Call(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def pool() -> Pool:
    return Pool(Bounds(memory_mib=1_000, free_growth=2, idle_s=600))


def warm(pool: Pool, number: int, now: float, identity: str = "f") -> int:
    """Serve one call; the environment that did."""
    started = pool.submit(call(number, identity), now)
    environment = next(i.environment for i in started if isinstance(i, Start))
    pool.ready(environment, now)
    pool.finished(environment, now)
    return environment


def test_the_first_call_starts_an_environment_and_gets_it(pool: Pool) -> None:
    assert pool.submit(call(1), 0.0) == [Start(1, "f", 100)]
    assert pool.ready(1, 0.1) == [Invoke(1, 1, cold=True)]
    assert pool.finished(1, 0.2) == []
    assert pool.submit(call(2), 0.3) == [Invoke(1, 2, cold=False)]


def test_waiting_calls_are_served_in_order(pool: Pool) -> None:
    for number in range(1, 5):
        pool.submit(call(number), 0.0)
    assert pool.ready(1, 0.1) == [Invoke(1, 1, cold=True)]
    assert pool.finished(1, 0.2) == [Invoke(1, 2, cold=False)]


def test_growth_is_free_at_first_then_one_per_interval(pool: Pool) -> None:
    starts = [pool.submit(call(number), 0.0) for number in range(1, 6)]
    assert [len(s) for s in starts] == [1, 1, 0, 0, 0]
    pool.ready(1, 0.01)
    pool.ready(2, 0.01)
    assert pool.next_time() == pytest.approx(GROWTH_INTERVAL_S)
    assert pool.tick(0.02) == []
    assert pool.tick(0.051) == [Start(3, "f", 100)]
    assert pool.tick(0.06) == []
    assert pool.tick(0.102) == [Start(4, "f", 100)]


def test_growth_is_counted_over_all_families_but_each_has_one(pool: Pool) -> None:
    """A burst that fans out to many functions does not start many environments of each."""
    started = [pool.submit(call(n, f"{n}"), 0.0) for n in range(1, 5)]
    assert [len(s) for s in started] == [1, 1, 1, 1]
    assert pool.submit(call(5, "1"), 0.0) == []
    for number in range(1, 5):
        pool.ready(number, 0.0)
    assert pool.finished(2, 0.01) == []
    assert pool.finished(3, 0.01) == []
    assert pool.finished(4, 0.01) == [Start(5, "1", 100)], "fewer are at work than may grow freely"


def test_growth_while_the_processors_are_saturated_is_slow_but_goes_on(pool: Pool) -> None:
    """Handlers that invoke each other would otherwise wait for ever."""
    for number in range(1, 6):
        pool.submit(call(number), 0.0)
    pool.loaded(True)
    assert pool.next_time() == SATURATED_INTERVAL_S
    assert pool.tick(0.9) == []
    assert pool.tick(1.0) == [Start(3, "f", 100)]
    assert pool.tick(1.9) == []
    pool.loaded(False)
    assert pool.tick(1.9) == [Start(4, "f", 100)]


def test_the_longest_waiting_family_grows_first(pool: Pool) -> None:
    for number, identity in enumerate("aab", 1):
        pool.submit(call(number, identity), 0.0)
        pool.ready(number, 0.0)
    assert pool.submit(call(4, "b"), 0.01) == []
    assert pool.submit(call(5, "a"), 0.02) == []
    assert pool.tick(0.07) == [Start(4, "b", 100)]
    assert pool.tick(0.13) == [Start(5, "a", 100)]


def test_short_calls_do_not_make_the_pool_grow(pool: Pool) -> None:
    for number in range(1, 5):
        pool.submit(call(number), 0.0)
    pool.ready(1, 0.01)
    pool.ready(2, 0.01)
    now = 0.01
    for number in range(5, 500):
        now += 0.001
        pool.finished(1 + number % 2, now)
        assert pool.submit(call(number), now) == []
        assert not any(isinstance(i, Start) for i in pool.tick(now))


def test_reserved_concurrency(pool: Pool) -> None:
    pool.submit(call(1, concurrency=1), 0.0)
    assert pool.submit(call(2, concurrency=1), 0.0) == [Throttle(2, THROTTLED)]
    pool.ready(1, 0.0)
    pool.finished(1, 0.0)
    assert pool.submit(call(3, concurrency=1), 0.0) == [Invoke(1, 3, cold=False)]


def test_memory_full_of_idle_ones_evicts_the_least_recently_used(pool: Pool) -> None:
    for index in range(10):
        warm(pool, index + 1, float(index), f"{index}")
    assert pool.memory_mib == 1_000
    assert pool.submit(call(11, "x"), 20.0) == [Retire(1, "evicted"), Start(11, "x", 100)]


def test_memory_full_of_busy_ones_waits(pool: Pool) -> None:
    pool.submit(call(1, "a", memory_mib=900), 0.0)
    pool.ready(1, 0.0)
    assert pool.submit(call(2, "b", memory_mib=200), 0.0) == []
    assert pool.next_time() < float("inf")
    assert pool.finished(1, 1.0) == [Retire(1, "evicted"), Start(2, "b", 200)]


def test_alone_any_size_may_start(pool: Pool) -> None:
    assert pool.submit(call(1, memory_mib=5_000), 0.0) == [Start(1, "f", 5_000)]
    assert pool.submit(call(2, "g"), 0.0) == []


def test_an_impatient_caller_is_throttled_and_a_durable_run_is_not(pool: Pool) -> None:
    pool.submit(call(1, "a", memory_mib=1_000, timeout_s=900.0), 0.0)
    pool.ready(1, 0.0)
    pool.submit(call(2, "b"), 0.0)
    pool.submit(call(3, "c", patient=True), 0.0)
    assert pool.tick(IMPATIENT_WAIT_S) == [Throttle(2, "ConcurrentInvocationLimitExceeded")]
    assert 3 in pool.calls.places


def test_timeouts(pool: Pool) -> None:
    pool.submit(call(1, timeout_s=3.0), 0.0)
    pool.ready(1, 1.0)
    assert pool.next_time() == 4.0 or pool.next_time() == INIT_TIMEOUT_S + 3.0
    assert pool.tick(3.9) == []
    assert pool.tick(4.0) == [Expire(1, 1)]
    assert pool.tick(5.0) == []
    assert pool.finished(1, 5.0) == [], "it is being ended"
    assert pool.gone(1, 5.0) == []
    assert not pool.environments and not pool.calls.places


def test_time_in_a_pause_is_not_the_functions(pool: Pool) -> None:
    warm(pool, 1, 0.0)
    pool.submit(call(2), 1.0)
    pool.pause(2.0)
    assert pool.tick(100.0) == []
    pool.resume(100.0)  # one of its three seconds had passed
    assert pool.tick(101.9) == []
    assert pool.next_time() == pytest.approx(102.0)
    assert pool.tick(102.0) == [Expire(1, 2)]


def test_a_call_begun_in_a_pause_gets_what_was_left_of_it(pool: Pool) -> None:
    warm(pool, 1, 0.0)
    pool.pause(1.0)
    pool.submit(call(2), 9.0)
    pool.resume(10.0)
    assert pool.tick(12.9) == []
    assert pool.tick(13.0) == [Expire(1, 2)]


def test_a_start_that_never_ends_expires(pool: Pool) -> None:
    pool.submit(call(1, timeout_s=3.0), 0.0)
    assert pool.tick(INIT_TIMEOUT_S + 3.0) == [Expire(1, None)]
    assert pool.gone(1, 14.0) == [Fail(1, 1)]


def test_a_failed_start_fails_one_call_and_the_next_gets_its_own(pool: Pool) -> None:
    pool.submit(call(1), 0.0)
    pool.submit(call(2), 0.0)
    pool.submit(call(3), 0.0)
    assert pool.gone(1, 0.1) == [Fail(1, 1), Start(3, "f", 100)]


def test_one_that_died_is_replaced_for_those_who_wait(pool: Pool) -> None:
    for number in range(1, 4):
        pool.submit(call(number), 0.0)
    pool.ready(1, 0.0)
    pool.ready(2, 0.0)
    assert pool.gone(1, 0.01) == [Start(3, "f", 100)]


def test_idle_ones_retire(pool: Pool) -> None:
    warm(pool, 1, 0.0)
    assert pool.next_time() == 600.0 or pool.next_time() <= 13.0
    assert pool.tick(599.0) == []
    assert pool.tick(600.0) == [Retire(1, "idle")]
    assert not pool.families and not pool.current


def test_an_update_retires_the_old_one_idle_or_after_its_call(pool: Pool) -> None:
    warm(pool, 1, 0.0, "f1")
    assert pool.submit(call(2, "f2"), 1.0) == [Retire(1, "outdated"), Start(2, "f2", 100)]
    pool.ready(2, 1.0)
    pool.submit(call(3, "f3"), 2.0)
    assert pool.finished(2, 3.0) == [Retire(2, "outdated")]


def test_an_old_one_is_not_given_out_when_its_credentials_are_old() -> None:
    pool = Pool(Bounds(memory_mib=1_000, free_growth=2, idle_s=600, age_s=100))
    warm(pool, 1, 0.0)
    assert pool.submit(call(2), 101.0) == [Retire(1, "outdated"), Start(2, "f", 100)]


def test_cancel(pool: Pool) -> None:
    pool.submit(call(1), 0.0)
    assert pool.cancel(1, 0.0) == (True, None)
    assert pool.cancel(1, 0.0) == (False, None)
    assert pool.ready(1, 0.0) == []
    pool.submit(call(2), 0.0)
    assert pool.cancel(2, 0.0) == (False, 1)


def test_a_call_waits_a_moment_for_what_has_answered(pool: Pool) -> None:
    pool.submit(call(1), 0.0)
    pool.ready(1, 0.1)
    pool.answered(1)
    assert pool.submit(call(2, concurrency=1), 0.2) == []
    assert pool.finished(1, 0.21) == [Invoke(1, 2, cold=False)]
    pool.answered(1)
    assert pool.submit(call(3), 0.3) == []
    assert pool.tick(0.3 + FINISHING_S) == [Start(2, "f", 100)]  # it takes too long


def test_kept_environments_are_neither_evicted_nor_retired(pool: Pool) -> None:
    kept = call(0, "f", memory_mib=400)
    assert pool.keep(kept, 2, 0.0) == [Start(1, "f", 400), Start(2, "f", 400)]
    pool.ready(1, 0.1)
    pool.ready(2, 0.1)
    assert pool.tick(700.0) == []
    assert pool.submit(call(1, "g", memory_mib=300), 701.0) == []  # no room but theirs
    assert pool.gone(1, 702.0) == [Start(3, "f", 400)]
    out = pool.keep(kept, 0, 703.0)
    assert out == []
    assert Retire(2, "idle") in pool.tick(1_400.0)


class PoolMachine(RuleBasedStateMachine):
    """Any order of events: invariants hold, every call is answered exactly once."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool(Bounds(memory_mib=500, free_growth=2, environments_max=8, idle_s=60))
        self.now = 0.0
        self.number = 0
        self.asked: set[int] = set()
        self.answered: list[int] = []
        self.ending: set[int] = set()

    def apply(self, instructions: list[Instruction]) -> None:
        for instruction in instructions:
            match instruction:
                case Invoke(environment, number, _):
                    assert self.pool.environments[environment].call is not None
                    assert number in self.asked and number not in self.answered
                case Throttle(number, _) | Fail(_, number):
                    self.answered.append(number)
                case Expire(environment, _):
                    self.ending.add(environment)
                case Retire(environment, _):
                    assert environment not in self.pool.environments

    @rule(
        family=st.sampled_from(["a1", "a2", "b1", "c1"]),
        memory=st.sampled_from([100, 200, 600]),
        concurrency=st.sampled_from([None, 0, 2]),
        patient=st.booleans(),
    )
    def submit(self, family: str, memory: int, concurrency: int | None, patient: bool) -> None:
        self.number += 1
        self.asked.add(self.number)
        sizes = {"a1": 100, "a2": 200, "b1": memory, "c1": 600}
        self.apply(
            self.pool.submit(
                call(
                    self.number,
                    family,
                    memory_mib=sizes[family],
                    concurrency=concurrency,
                    patient=patient,
                    timeout_s=5.0,
                ),
                self.now,
            )
        )

    def some(self, state: State) -> list[int]:
        return [
            n
            for n, e in self.pool.environments.items()
            if e.state is state and n not in self.ending
        ]

    @precondition(lambda self: self.some(State.STARTING))
    @rule(data=st.data())
    def ready(self, data: st.DataObject) -> None:
        self.apply(self.pool.ready(data.draw(st.sampled_from(self.some(State.STARTING))), self.now))

    @precondition(lambda self: self.some(State.BUSY))
    @rule(data=st.data())
    def finished(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.some(State.BUSY)))
        self.is_answered(number)
        self.apply(self.pool.finished(number, self.now))

    @precondition(lambda self: self.some(State.BUSY))
    @rule(data=st.data())
    def answered_first(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.some(State.BUSY)))
        self.is_answered(number)
        self.pool.answered(number)

    def is_answered(self, number: int) -> None:
        environment = self.pool.environments[number]
        if environment.call is not None and not environment.answered:
            self.answered.append(environment.call.number)

    @rule(family=st.sampled_from(["a1", "a2", "b1"]), count=st.sampled_from([0, 1, 3]))
    def keep(self, family: str, count: int) -> None:
        size = {"a1": 100, "a2": 200, "b1": 100}[family]
        self.apply(self.pool.keep(call(0, family, memory_mib=size), count, self.now))

    @precondition(lambda self: self.pool.environments)
    @rule(data=st.data())
    def gone(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.pool.environments)))
        self.is_answered(number)
        self.ending.discard(number)
        self.apply(self.pool.gone(number, self.now))

    @precondition(lambda self: self.pool.calls.places)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.pool.calls.places)))
        waiting, environment = self.pool.cancel(number, self.now)
        assert waiting == (environment is None)
        if waiting:
            self.answered.append(number)

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.05, 1.0, 6.0, 31.0, 61.0]))
    def tick(self, seconds: float) -> None:
        self.now += seconds
        self.apply(self.pool.tick(self.now))

    @rule(saturated=st.booleans())
    def loaded(self, saturated: bool) -> None:
        self.pool.loaded(saturated)

    @invariant()
    def sane(self) -> None:
        sanity_check(self.pool)
        assert len(self.answered) == len(set(self.answered))
        assert set(self.pool.calls.places) == self.asked - set(self.answered)

    @invariant()
    def no_spinning(self) -> None:
        """`next_time` is never in the past once `tick` has been told of it."""
        if self.pool.next_time() <= self.now:
            self.apply(self.pool.tick(self.now))
            assert self.pool.next_time() > self.now

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """Who waits has someone starting, someone busy, or a time at which to look again."""
        if self.pool.waiting:
            assert self.pool.environments or self.pool.next_time() < float("inf")

    def teardown(self) -> None:
        """Let everything end: every call is answered."""
        self.pool.keep_nothing()
        for _ in range(10_000):
            if not self.pool.calls.places:
                break
            for number in self.some(State.BUSY):
                self.finish(number)
            for number in self.some(State.STARTING):
                self.apply(self.pool.ready(number, self.now))
            for number in list(self.ending & set(self.pool.environments)):
                busy_with = self.pool.environments[number].call
                if busy_with is not None:
                    self.answered.append(busy_with.number)
                self.apply(self.pool.gone(number, self.now))
            self.now += 0.05
            self.apply(self.pool.tick(self.now))
            sanity_check(self.pool)
        assert self.asked == set(self.answered)

    def finish(self, number: int) -> None:
        self.is_answered(number)
        self.apply(self.pool.finished(number, self.now))


PoolMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestPool = PoolMachine.TestCase
