"""A small event loop: descriptors, timers, and work to do before sleeping."""

from __future__ import annotations

import heapq
import itertools
import select
import time
from collections.abc import Callable

IN = select.EPOLLIN
OUT = select.EPOLLOUT
HANG_UP = select.EPOLLHUP | select.EPOLLERR


class Loop:
    """`before_sleep` hooks run after each batch of events; they return when to wake at latest."""

    def __init__(self) -> None:
        self.now = time.monotonic()
        self.before_sleep: list[Callable[[], float]] = []
        self.running = True
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[int], None]] = {}
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._tickets = itertools.count()

    def add(self, fd: int, callback: Callable[[int], None], events: int = IN) -> None:
        self._callbacks[fd] = callback
        self._epoll.register(fd, events)

    def watch(self, fd: int, events: int) -> None:
        self._epoll.modify(fd, events)

    def remove(self, fd: int) -> None:
        if self._callbacks.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (self.now + delay_s, next(self._tickets), callback))

    def run(self) -> None:
        while self.running:
            wake = self._timers[0][0] if self._timers else float("inf")
            for hook in self.before_sleep:
                wake = min(wake, hook())
            delay = -1.0 if wake == float("inf") else max(wake - time.monotonic(), 0.0)
            ready = self._epoll.poll(delay)
            self.now = time.monotonic()
            for fd, events in ready:
                callback = self._callbacks.get(fd)
                if callback is not None:
                    callback(events)
            while self._timers and self._timers[0][0] <= self.now:
                heapq.heappop(self._timers)[2]()
