"""When the start of an environment, or its call, takes too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from owari.compute.pool.family import Environment, State

NEVER = float("inf")


class Deadlines:
    """Of those of `environments` that are not idle. The soonest is known without a look at all."""

    def __init__(self, environments: Mapping[int, Environment]) -> None:
        self._environments = environments
        self._next = NEVER
        self._paused_at: float | None = None

    def next_time(self) -> float:
        return self._next if self._paused_at is None else NEVER

    def began(self, environment: Environment) -> None:
        """It has a deadline from now on."""
        if environment.deadline < self._next:
            self._next = environment.deadline

    def over(self, now: float) -> list[Environment]:
        """Those that are past theirs, each once."""
        if now < self.next_time():
            return []
        found = [environment for environment in self._timed() if environment.deadline <= now]
        for environment in found:
            environment.expired = True
        self._reckon()
        return found

    def pause(self, now: float) -> None:
        """Whom functions call is away: that time is not theirs. Nothing expires until `resume`."""
        if self._paused_at is None:
            self._paused_at = now

    def resume(self, now: float) -> None:
        """Deadlines move by as long as each was under way during the pause."""
        paused_at, self._paused_at = self._paused_at, None
        if paused_at is None:
            return
        for environment in self._timed():
            environment.deadline += now - max(paused_at, environment.since)
        self._reckon()

    def _reckon(self) -> None:
        self._next = min((e.deadline for e in self._timed()), default=NEVER)

    def _timed(self) -> Iterator[Environment]:
        for environment in self._environments.values():
            if environment.state is not State.IDLE and not environment.expired:
                yield environment
