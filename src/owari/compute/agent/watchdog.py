"""Memory limits where no cgroup enforces them: polled, and whoever exceeds one is ended."""

from __future__ import annotations

from owari.compute.agent import orphans
from owari.compute.agent.environment import Environment
from owari.compute.agent.loop import Loop

INTERVAL_S = 0.02


class Watchdog:
    """Looks while there are `environments`."""

    def __init__(self, loop: Loop, environments: dict[int, Environment]) -> None:
        self.loop = loop
        self.environments = environments
        self._watching = False

    def begin(self) -> None:
        if not self._watching:
            self._watching = True
            self.loop.call_later(INTERVAL_S, self._poll)

    def _poll(self) -> None:
        self._watching = bool(self.environments)
        for environment in self.environments.values():
            if environment.invocation is not None and environment.worker.pid:
                self._look(environment)
        if self._watching:
            self.loop.call_later(INTERVAL_S, self._poll)

    def _look(self, environment: Environment) -> None:
        worker = environment.worker
        pids = [worker.pid, *orphans.descendants(worker.pid)]
        used = sum(orphans.resident_mib(pid) for pid in pids)
        environment.peak_mib = max(environment.peak_mib, used)
        if used > environment.definition.memory_mib:
            worker.out_of_memory = True
            worker.kill()
