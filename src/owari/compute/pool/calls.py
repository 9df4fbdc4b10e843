"""The calls of all families: how many of each function there are, who waits and who runs where."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from owari.compute.pool.family import Environment, Family
from owari.compute.pool.instructions import Call

IMPATIENT_WAIT_S = 30.0  # a caller who waits for capacity is throttled after this


class Calls:
    """`places`: by number the environment that has the call, None while it waits."""

    def __init__(self) -> None:
        self.in_flight: dict[str, int] = {}  # function → calls waiting or running
        self.places: dict[int, Environment | None] = {}
        self.waiting = 0  # in all queues

    def begin(self, call: Call) -> bool:
        """False, and nothing is done, when its function has as many as it may have."""
        running = self.in_flight.get(call.function, 0)
        if call.concurrency is not None and running >= call.concurrency:
            return False
        self.in_flight[call.function] = running + 1
        return True

    def forget(self, call: Call) -> None:
        """It was answered, or will not be."""
        self.places.pop(call.number, None)
        left = self.in_flight[call.function] - 1
        if left:
            self.in_flight[call.function] = left
        else:
            del self.in_flight[call.function]

    # ---- queues
    def wait(self, call: Call, family: Family, now: float) -> None:
        family.waiting.append((now, call))
        self.waiting += 1
        self.places[call.number] = None

    def next(self, family: Family) -> Call:
        """The one at the head leaves the queue."""
        self.waiting -= 1
        return family.waiting.popleft()[1]

    def withdraw(self, number: int, families: Iterable[Family]) -> Family:
        """A waiting call is dropped; the family in whose queue it was."""
        for family in families:
            for entry in family.waiting:
                if entry[1].number == number:
                    family.waiting.remove(entry)
                    self.waiting -= 1
                    self.forget(entry[1])
                    return family
        raise AssertionError(f"call {number} waits nowhere")

    def give_up(self, family: Family, now: float) -> list[Call]:
        """Those who have waited for too long are dropped; some wait."""
        if now < family.waiting[0][0] + IMPATIENT_WAIT_S:
            return []
        kept: deque[tuple[float, Call]] = deque()
        dropped: list[Call] = []
        for since, call in family.waiting:
            if call.patient or now < since + IMPATIENT_WAIT_S:
                # A patient call's wait is counted anew, so that this is not looked at each tick.
                kept.append((now if call.patient else since, call))
                continue
            self.waiting -= 1
            self.forget(call)
            dropped.append(call)
        family.waiting = kept
        return dropped
