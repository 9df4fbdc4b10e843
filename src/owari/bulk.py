"""Effects that end in a burst end together: one piece of work for many reports.

A reaction declared as a `bulk_reaction` is given all reports of its kind that are there when its
turn comes. While one such piece of work waits for its commit the next reports gather, so the
busier it is the more end per commit. When it fails, every report of it is tried alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from owari.compute.base import RunReport
from owari.effects import Report, Run
from owari.errors import ServiceError
from owari.kernel import Context, Kernel, Work
from owari.store.outbox import Envelope
from owari.store.tx import Tx

MOST = 64  # ends in one piece of work: a turn of the writer is bounded
ONE = ("a report of its own",)

Ended = tuple[Envelope, RunReport]
Key = tuple[str, ...]


class Bulk:
    """`remove(tx, envelope, report)` takes an effect away and returns what its reaction is told,
    or None when it was gone; `committed(ended)` and `alone(envelope, report)` are the engine's."""

    def __init__(
        self,
        kernel: Kernel,
        *,
        remove: Callable[[Tx, Envelope, RunReport], Report | None],
        committed: Callable[[list[Ended]], None],
        alone: Callable[[Envelope, RunReport], None],
    ) -> None:
        self.kernel = kernel
        self._remove = remove
        self._committed = committed
        self._alone = alone
        self._waiting: dict[Key, deque[Ended]] = {}  # while a key is here, work of it is queued

    def takes(self, envelope: Envelope) -> bool:
        to = envelope.reply_to
        if to is None or not isinstance(envelope.effect, Run):
            return False
        return (to.service, to.topic) in self.kernel.registry.bulk

    def add(self, context: Context, envelope: Envelope, report: RunReport) -> None:
        to = envelope.reply_to
        assert to is not None
        c = context
        key = (to.service, to.topic, c.account, c.region, c.principal, c.trace_id)
        if key in self._waiting:
            self._waiting[key].append((envelope, report))
        else:
            self._waiting[key] = deque([(envelope, report)])
            self._submit(key, context)

    def _submit(self, key: Key, context: Context) -> None:
        handler = self.kernel.registry.bulk[key[0], key[1]]
        taken: list[Ended] = []

        def take() -> None:
            waiting = self._waiting[key]
            room = MOST
            while waiting and room > 0:
                taken.append(waiting.popleft())
                room -= len(taken[-1][1].get("ended", ONE))

        def body(tx: Tx) -> None:
            take()
            handler(tx, self._each(tx, taken))

        def done(_result: Any, error: ServiceError | None) -> None:
            if not taken:
                take()  # its turn could not even begin
            if self._waiting[key]:
                self._submit(key, context)
            else:
                del self._waiting[key]
            if error is None:
                self._committed(taken)
            else:
                for envelope, report in taken:
                    self._alone(envelope, report)

        self.kernel.submit(Work(context, body, done))

    def _each(self, tx: Tx, taken: list[Ended]) -> Iterator[Report]:
        for envelope, result in taken:
            tx.request_id = envelope.id
            report = self._remove(tx, envelope, result)
            if report is not None:
                yield report
