"""All workers of the agent: zygotes per interpreter, blank workers in stock, slots reused."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from owari.compute.agent import orphans
from owari.compute.agent.interpreters import Interpreter, own
from owari.compute.agent.loop import Loop
from owari.compute.agent.worker import Worker
from owari.compute.agent.zygotes import Zygote
from owari.compute.isolation import Slot, Tier

RETRY_S = 0.005  # a killed group needs some milliseconds to empty
RETRIES = 400
BLANKS_AT_REST = 1
BLANKS_IN_USE = 2
ZYGOTE_IDLE_S = 600.0


class Stock:
    """One interpreter's zygote with its workers."""

    def __init__(self, zygote: Zygote, now: float) -> None:
        self.zygote = zygote
        self.blanks: deque[Worker] = deque()
        self.workers: dict[int, Worker] = {}  # by pid
        self.expected: dict[int, Worker] = {}  # by number, not forked yet
        self.used = now
        self.wanted_blanks = BLANKS_AT_REST


class Workers:
    """`take` gives a worker for a runtime; it comes back by itself when it ends."""

    def __init__(
        self,
        loop: Loop,
        folder: Path,
        sdk: Path,
        tier: Tier,
        mark: str,
        *,
        on_change: Callable[[], None],
    ) -> None:
        self.loop = loop
        self.on_change = on_change
        self.folder = folder
        self.sdk = sdk
        self.tier = tier
        self.mark = mark
        self._stocks: dict[str, Stock] = {}
        self._free_slots: list[Slot] = []
        self._slots = 0
        self._numbers = 0
        self._closing = False
        shutil.rmtree(folder / "tmp", ignore_errors=True)
        (folder / "tmp").mkdir()

    def default(self) -> Interpreter:
        """From which programs are started that need none."""
        return own()

    def warm(self) -> None:
        """Start the default interpreter's zygote, before anyone asks for it."""
        self._stock(own())

    def take(self, interpreter: Interpreter) -> Worker:
        """A worker, perhaps one that is still starting. Raises OSError."""
        stock = self._stock(interpreter)
        stock.used = self.loop.now
        stock.wanted_blanks = BLANKS_IN_USE
        while stock.blanks:
            worker = stock.blanks.popleft()
            if not worker.ended:
                break
        else:
            worker = self._fork(stock)
        self.loop.call_later(0.02, lambda: self._refill(stock))
        return worker

    def live(self) -> list[Worker]:
        return [w for stock in self._stocks.values() for w in stock.workers.values()]

    def close(self) -> None:
        self._closing = True
        for stock in list(self._stocks.values()):
            stock.zygote.close()

    def describe(self) -> list[dict[str, Any]]:
        return [
            {
                "interpreter": stock.zygote.interpreter.path,
                "version": stock.zygote.version,
                "sdk": stock.zygote.sdk_words,
                "own_tmp": stock.zygote.own_tmp,
                "tmp_unbounded": stock.zygote.tmp_unbounded,
                "pid": stock.zygote.pid,
                "workers": len(stock.workers),
            }
            for stock in self._stocks.values()
        ]

    def retire_zygotes(self) -> None:
        """End the zygotes of interpreters nobody has used for a while, but the default's."""
        for path, stock in list(self._stocks.items()):
            busy = len(stock.workers) + len(stock.expected) - len(stock.blanks)
            idle = self.loop.now - stock.used > ZYGOTE_IDLE_S
            if idle and busy <= 0 and path != own().path:
                stock.zygote.close()
                self._on_zygote_end(stock.zygote)

    # ---- zygotes
    def _stock(self, interpreter: Interpreter) -> Stock:
        stock = self._stocks.get(interpreter.path)
        if stock is None:
            zygote = Zygote(
                self.loop,
                interpreter,
                folder=self.folder,
                sdk=self.sdk,
                mark=self.mark,
                on_event=self._on_event,
                on_end=self._on_zygote_end,
            )
            stock = self._stocks[interpreter.path] = Stock(zygote, self.loop.now)
        return stock

    def _on_event(self, zygote: Zygote, event: dict[str, Any]) -> None:
        stock = self._stocks.get(zygote.interpreter.path)
        if stock is None or stock.zygote is not zygote:
            return
        if "forked" in event:
            worker = stock.expected.pop(event["forked"])
            stock.workers[event["pid"]] = worker
            worker.forked(event["pid"])
        elif "exited" in event:
            ended = stock.workers.pop(event["exited"], None)
            if ended is not None:
                self._finish(ended, event["status"])
        elif "ready" in event:
            self._refill(stock)
            self.on_change()

    def _on_zygote_end(self, zygote: Zygote) -> None:
        """Its workers die with it (their parent's death signal)."""
        stock = self._stocks.pop(zygote.interpreter.path, None)
        if stock is None:
            return
        self.on_change()
        for worker in [*stock.workers.values(), *stock.expected.values()]:
            worker.kill()
            self._finish(worker, None)

    # ---- workers
    def _refill(self, stock: Stock) -> None:
        if self._closing or self._stocks.get(stock.zygote.interpreter.path) is not stock:
            return
        if stock.zygote.is_ready and len(stock.blanks) < stock.wanted_blanks:
            stock.blanks.append(self._fork(stock))
            self.loop.call_later(0.005, lambda: self._refill(stock))

    def _fork(self, stock: Stock) -> Worker:
        self._numbers += 1
        tmp = self.folder / "tmp" / str(self._numbers)
        tmp.mkdir(mode=0o700)
        worker = Worker(self.loop, stock.zygote, self._numbers, self._take_slot(), tmp)
        stock.expected[worker.number] = worker
        return worker

    def _finish(self, worker: Worker, status: int | None) -> None:
        worker.finish(status)
        stock = self._stocks.get(worker.zygote.interpreter.path)
        if stock is not None and worker in stock.blanks:
            stock.blanks.remove(worker)
        self.clear(worker.tmp)
        self._release(worker, RETRIES)

    def clear(self, tmp: Path) -> None:
        """Remove a folder that nobody uses any more."""
        try:
            tmp.rmdir()
        except OSError:  # not empty: it may be large, so another process does it
            os.posix_spawnp(
                "rm", ["rm", "-rf", "--", str(tmp)], {"PATH": "/usr/bin:/bin"}, setsid=True
            )

    # ---- slots
    def _take_slot(self) -> Slot:
        if self._free_slots:
            return self._free_slots.pop()
        self._slots += 1
        slot = self.tier.slot(self._slots)
        if slot.event_fd >= 0:
            self.loop.add(slot.event_fd, lambda _events: self._on_out_of_memory(slot))
        return slot

    def _on_out_of_memory(self, slot: Slot) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(slot.event_fd)
        for worker in self.live():
            if worker.slot is slot:
                worker.out_of_memory = True
                worker.kill()

    def _release(self, worker: Worker, retries: int) -> None:
        """The slot can be used again once nothing is left in it."""
        if self._closing:
            return
        left = worker.slot.pids()
        if left and retries:
            for pid in left:
                orphans.kill(pid)
            self.loop.call_later(RETRY_S, lambda: self._release(worker, retries - 1))
            return
        try:
            worker.slot.clear()
        except OSError:
            return  # not usable any more; it is removed when the agent ends
        self._free_slots.append(worker.slot)
