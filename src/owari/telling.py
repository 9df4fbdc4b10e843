"""What compute says that ends no effect: what agents carry, that a run began, what is kept warm.

A service's reaction takes it, and no row of the outbox stands for it. So if the store refuses the
commit (a full disk), it is told again until it is taken; of the same thing, only the newest.
"""

from __future__ import annotations

import logging
import math
from typing import Any

from owari.effects import Report
from owari.errors import ServiceError
from owari.kernel import Context, Kernel, Work

log = logging.getLogger("owari.engine")

PAUSE_S = 5.0

Topic = tuple[str, str, str]  # service, reaction, and what of it


class Telling:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._newest: dict[Topic, tuple[Context, Report]] = {}  # of what is not taken yet
        self._refused: dict[Topic, float] = {}  # when to tell it again

    def tell(
        self, context: Context, service: str, topic: str, key: str, result: dict[str, Any]
    ) -> None:
        if (service, topic) not in self.kernel.registry.reactions:
            return
        about = (service, topic, str(result.get("run_id", key)))
        report = Report(context.request_id, key, result.get("attempt", 1), result)
        self._newest[about] = (context, report)
        self._submit(about)

    def _submit(self, about: Topic) -> None:
        self._refused.pop(about, None)
        context, report = told = self._newest[about]
        reaction = self.kernel.registry.reactions[about[:2]]

        def done(_result: Any, error: ServiceError | None) -> None:
            if self._newest.get(about) is not told:
                return  # something newer is under way
            if error is None:
                del self._newest[about]
                return
            log.error("%s:%s will be told again: %s", *about[:2], error)
            self._refused[about] = self.kernel.clock.now() + PAUSE_S

        self.kernel.submit(Work(context, lambda tx: reaction(tx, report), done))

    def step(self, now: float) -> float:
        """Tell again what is due; returns when something next is (inf: nothing)."""
        for about in [about for about, due in self._refused.items() if due <= now]:
            self._submit(about)
        return min(self._refused.values(), default=math.inf)
