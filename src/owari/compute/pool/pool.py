"""The pool of function environments of one machine: events in, instructions out. Pure.

Theory of operation. An environment runs one invocation at a time and is kept warm. Calls to the
same environment identity (function, version, revision) form a *family*, queued first in, first
out. What an environment may do:

    starting --ready--> idle --assigned--> busy --finished--> idle
        |                 |                  |
        +----- gone ------+------ gone ------+        (it died, or we stopped it)

A call that finds no idle environment may let its family grow: at once if the family has none, or
while fewer than `free_growth` environments of all families are starting or busy. Beyond that one
starts each `GROWTH_INTERVAL_S` while someone waits and the processors have time to spare: calls
that sleep, or wait for others, do not hold each other up. When they have none (`loaded`) more
environments would only slow down those at work; one each `SATURATED_INTERVAL_S` still starts, so
that handlers that invoke each other never wait for ever. So a burst of short calls is served by
few environments.

The memory ledger adds up `memory_mib` of every environment; before a start would overdraw it
the least recently used idle ones are evicted. Alone on the machine, any size may start. What
jobs take is reserved from the same bound. Of a family that is *kept* (provisioned concurrency) so
many environments are always started, and neither evicted nor retired.

Every method is told `now` (monotonic seconds) and returns what is to be done, in order.
"""

from __future__ import annotations

from owari.compute.pool.calls import IMPATIENT_WAIT_S, Calls
from owari.compute.pool.deadlines import Deadlines
from owari.compute.pool.family import Environment, Family, State
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
from owari.compute.pool.ledger import Bounds, Ledger, oldest

GROWTH_INTERVAL_S = 0.05
SATURATED_INTERVAL_S = 1.0
INIT_TIMEOUT_S = 10.0  # on top of the function's own timeout, as on AWS
KEEP_AGAIN_S = 5.0  # after an environment to be kept could not be started


class Pool:
    """See the module's text. `sanity_check` asserts what must hold after every event."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.ledger = Ledger(bounds)
        self.families: dict[str, Family] = {}
        self.current: dict[str, str] = {}  # slot → the identity last asked for
        self.calls = Calls()
        self._numbers = 0
        self._keeping: dict[str, Family] = {}  # families of which some are kept
        self._saturated = False
        self._last_growth = float("-inf")
        self._deadlines = Deadlines(self.ledger.environments)
        self._next_idle = float("inf")

    # ---- events
    def submit(self, call: Call, now: float) -> list[Instruction]:
        """Someone asks for an invocation."""
        if not self.calls.begin(call):
            return [Throttle(call.number, "ReservedFunctionConcurrentInvocationLimitExceeded")]
        family = self.families.get(call.environment)
        if family is None:
            family = self.families[call.environment] = Family(call.environment, call.slot)
        out: list[Instruction] = []
        if self.current.get(call.slot) != call.environment:
            out += self._outdate(call)
        environment = self._take_idle(family, now, out)
        if environment is not None:
            out.append(self._assign(environment, call, now))
            return out
        self.calls.wait(call, family, now)
        self._grow(family, now, out)
        return out

    def ready(self, number: int, now: float) -> list[Instruction]:
        """An environment has been initialised."""
        environment = self.environments.get(number)
        if environment is None or environment.state is not State.STARTING or environment.expired:
            return []
        environment.family.starting -= 1
        return self._free(environment, now)

    def finished(self, number: int, now: float) -> list[Instruction]:
        """An environment has answered its call and can take another."""
        environment = self.environments.get(number)
        if environment is None or environment.state is not State.BUSY or environment.expired:
            return []
        self._done(environment)
        return self._free(environment, now)

    def answered(self, number: int) -> None:
        """It has answered its call but cannot take another yet: `finished` will follow."""
        environment = self.environments.get(number)
        if environment is not None and environment.call is not None and not environment.answered:
            environment.answered = True
            environment.family.finishing += 1
            self.calls.forget(environment.call)

    def gone(self, number: int, now: float, *, answer: bool = True) -> list[Instruction]:
        """An environment has ended. With `answer` a failed start fails the call at the head."""
        environment = self.environments.get(number)
        if environment is None:
            return []
        family, out = environment.family, list[Instruction]()
        match environment.state:
            case State.STARTING:
                family.starting -= 1
                if answer and family.waiting:
                    call = self.calls.next(family)
                    self.calls.forget(call)
                    out.append(Fail(number, call.number))
            case State.IDLE:
                family.idle.remove(environment)
            case State.BUSY:
                self._done(environment)
        self.ledger.remove(environment)
        if environment.state is State.STARTING:
            family.keep_from = now + KEEP_AGAIN_S
        self._grow(family, now, out)
        self._fill(family, now, out)
        self._serve_others(now, out)
        self._tidy(family)
        return out

    def cancel(self, number: int, now: float) -> tuple[bool, int | None]:
        """Drop a waiting call: (True, None). A running one: (False, its environment)."""
        if number not in self.calls.places:
            return False, None
        environment = self.calls.places[number]
        if environment is not None:
            return False, environment.number
        self._tidy(self.calls.withdraw(number, self.families.values()))
        return True, None

    def keep(self, call: Call, count: int, now: float) -> list[Instruction]:
        """So many environments of the call's identity are to be there; 0 ends it."""
        out: list[Instruction] = []
        family = self.families.get(call.environment)
        if family is None:
            if not count:
                return out
            family = self.families[call.environment] = Family(call.environment, call.slot)
        if count and self.current.get(call.slot) != call.environment:
            out += self._outdate(call)
        family.kept_call, family.keep_from = call, now
        self._keep(family, count)
        self._fill(family, now, out)
        self._next_idle = min(self._next_idle, now)
        return out

    def kept(self) -> set[str]:
        """The identities of which some are kept."""
        return set(self._keeping)

    def kept_of(self, identity: str) -> tuple[int, int]:
        """How many environments are to be kept, and how many are initialised."""
        family = self.families.get(identity)
        return (family.kept, family.busy + len(family.idle)) if family else (0, 0)

    def keep_nothing(self) -> None:
        """Nothing is wished for any more, until it is again."""
        for family in list(self._keeping.values()):
            self._keep(family, 0)

    def _keep(self, family: Family, count: int) -> None:
        family.kept = count
        if count:
            self._keeping[family.identity] = family
        else:
            self._keeping.pop(family.identity, None)
        self._tidy(family)

    def reserve(self, memory_mib: int, now: float) -> list[Instruction]:
        """So much is taken by jobs now: idle environments make room, or others may start."""
        out: list[Instruction] = []
        self.ledger.reserved_mib = memory_mib
        while self.ledger.is_overdrawn() and self._evict(out):
            pass
        self._serve_others(now, out)
        return out

    def held_mib(self) -> int:
        """Memory that cannot be had by evicting idle environments."""
        return self.ledger.held_mib(self.families.values())

    @property
    def waiting(self) -> int:
        """Calls in all queues."""
        return self.calls.waiting

    @property
    def memory_mib(self) -> int:
        return self.ledger.memory_mib

    @property
    def reserved_mib(self) -> int:
        return self.ledger.reserved_mib

    @property
    def environments(self) -> dict[int, Environment]:
        return self.ledger.environments

    def tick(self, now: float) -> list[Instruction]:
        """Time has passed."""
        out: list[Instruction] = []
        for environment in self._deadlines.over(now):
            call = environment.call
            out.append(Expire(environment.number, call.number if call else None))
        if now >= self._next_idle:
            self._retire_idle(now, out)
        for family in [f for f in self._keeping.values() if f.size < f.kept]:
            self._fill(family, now, out)
        if not self.calls.waiting:
            return out
        for family in [f for f in self.families.values() if f.waiting]:
            for call in self.calls.give_up(family, now):
                out.append(Throttle(call.number, "ConcurrentInvocationLimitExceeded"))
            self._tidy(family)
        self._serve_others(now, out)
        return out

    def pause(self, now: float) -> None:
        """Whom functions call is away: that time is not theirs. Nothing expires until `resume`."""
        self._deadlines.pause(now)

    def resume(self, now: float) -> None:
        """They are back; deadlines have moved."""
        self._deadlines.resume(now)

    def loaded(self, saturated: bool) -> None:
        """Whether the machine's processors are all at work."""
        self._saturated = saturated

    def next_time(self) -> float:
        """When `tick` wants to be told of the time at the latest."""
        soonest = min(self._next_idle, self._deadlines.next_time())
        for family in self._keeping.values():
            if family.size < family.kept:
                soonest = min(soonest, family.keep_from)
        if not self.calls.waiting:
            return soonest
        for family in self.families.values():
            if family.waiting:
                since, call = family.waiting[0]
                growth = max(self._growth_time(family), family.hungry_from())
                if growth < soonest and self.ledger.fits(call.memory_mib, self.families.values()):
                    soonest = growth
                soonest = min(soonest, since + IMPATIENT_WAIT_S)
        return soonest

    # ---- assigning
    def _take_idle(self, family: Family, now: float, out: list[Instruction]) -> Environment | None:
        while family.idle:
            environment = family.idle.pop()
            if environment.fresh_until > now:
                return environment
            self.ledger.remove(environment)
            out.append(Retire(environment.number, "outdated"))
        return None

    def _assign(self, environment: Environment, call: Call, now: float) -> Invoke:
        environment.state = State.BUSY
        environment.since = now
        environment.deadline = now + call.timeout_s
        environment.call = call
        environment.family.busy += 1
        self.calls.places[call.number] = environment
        self._deadlines.began(environment)
        cold = not environment.used
        environment.used = True
        return Invoke(environment.number, call.number, cold)

    def _done(self, environment: Environment) -> None:
        call = environment.call
        assert call is not None
        environment.call = None
        environment.family.busy -= 1
        if environment.answered:
            environment.answered = False
            environment.family.finishing -= 1
        else:
            self.calls.forget(call)

    def _free(self, environment: Environment, now: float) -> list[Instruction]:
        """An environment is free: the next in its queue, or idle, or retired as outdated."""
        family = environment.family
        environment.state = State.IDLE
        environment.since = now
        if environment.fresh_until > now:
            if family.waiting:
                return [self._assign(environment, self.calls.next(family), now)]
            if self.current.get(family.slot) == family.identity:
                family.idle.append(environment)
                self._next_idle = min(self._next_idle, now + self.bounds.idle_s)
                out: list[Instruction] = []
                self._serve_others(now, out)
                return out
        self.ledger.remove(environment)
        out = [Retire(environment.number, "outdated")]
        self._grow(family, now, out)
        self._serve_others(now, out)
        self._tidy(family)
        return out

    # ---- growing
    def _grow(self, family: Family, now: float, out: list[Instruction]) -> None:
        """Start what the family's waiting calls justify."""
        wanted = family.hungry(now)
        while wanted > 0:
            freely = not family.size or self._at_work() < self.bounds.free_growth
            if not freely and now < self._growth_time(family):
                return
            if not self._start(family, family.waiting[0][1], now, out):
                return
            self._last_growth = now
            wanted -= 1

    def _fill(self, family: Family, now: float, out: list[Instruction]) -> None:
        """Start what is to be kept and is not there."""
        call = family.kept_call
        if call is None or now < family.keep_from:
            return
        while family.size < family.kept and self._start(family, call, now, out):
            pass
        if family.size < family.kept:  # no room: looked at again
            family.keep_from = now + KEEP_AGAIN_S

    def _at_work(self) -> int:
        return sum(family.starting + family.busy for family in self.families.values())

    def _growth_time(self, family: Family) -> float:
        """When the family may grow although enough environments are at work."""
        interval = SATURATED_INTERVAL_S if self._saturated else GROWTH_INTERVAL_S
        return max(self._last_growth, family.waiting[0][0]) + interval

    def _start(self, family: Family, call: Call, now: float, out: list[Instruction]) -> bool:
        if not self.ledger.fits(call.memory_mib, self.families.values()):
            return False
        while not self.ledger.has_room(call.memory_mib):
            if not self._evict(out):
                return False
        self._numbers += 1
        environment = Environment(
            number=self._numbers,
            family=family,
            memory_mib=call.memory_mib,
            since=now,
            deadline=now + INIT_TIMEOUT_S + call.timeout_s,
            fresh_until=now + self.bounds.age_s,
        )
        self.ledger.add(environment)
        self._deadlines.began(environment)
        family.starting += 1
        out.append(Start(environment.number, family.identity, environment.memory_mib))
        return True

    def _evict(self, out: list[Instruction]) -> bool:
        """The least recently used idle environment goes; False when there is none."""
        environment = oldest(self.families.values())
        if environment is None:
            return False
        family = environment.family
        family.idle.remove(environment)
        self.ledger.remove(environment)
        self._tidy(family)
        out.append(Retire(environment.number, "evicted"))
        return True

    def _serve_others(self, now: float, out: list[Instruction]) -> None:
        """Room may have appeared: the longest waiting first."""
        if not self.calls.waiting:
            return
        hungry = [f for f in self.families.values() if f.hungry(now)]
        for family in sorted(hungry, key=lambda f: f.waiting[0][0]):
            self._grow(family, now, out)

    # ---- ending
    def _tidy(self, family: Family) -> None:
        if not family.size and not family.waiting and not family.kept:
            self.families.pop(family.identity, None)
            if self.current.get(family.slot) == family.identity:
                del self.current[family.slot]

    def _outdate(self, call: Call) -> list[Instruction]:
        """The slot has another identity now: idle environments of the older one go."""
        old = self.families.get(self.current.get(call.slot, ""))
        self.current[call.slot] = call.environment
        if old is None:
            return []
        out: list[Instruction] = [Retire(e.number, "outdated") for e in old.idle]
        for environment in old.idle:
            self.ledger.remove(environment)
        old.idle.clear()
        self._keep(old, 0)
        return out

    def _retire_idle(self, now: float, out: list[Instruction]) -> None:
        limit = now - self.bounds.idle_s
        self._next_idle = float("inf")
        for family in list(self.families.values()):
            while family.idle and self._may_go(family, limit, now):
                environment = family.idle.pop(0)
                self.ledger.remove(environment)
                out.append(Retire(environment.number, "idle"))
            if family.idle:
                due = family.idle[0].since + self.bounds.idle_s
                if not family.spare:
                    due = family.idle[0].fresh_until
                self._next_idle = min(self._next_idle, due)
            self._tidy(family)

    def _may_go(self, family: Family, limit: float, now: float) -> bool:
        """Unused for long; of those that are kept only what is too old."""
        environment = family.idle[0]
        if family.spare:
            return environment.since <= limit
        return environment.fresh_until <= now
