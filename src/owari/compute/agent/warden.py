"""A slot ended from outside its groups, where the keeper inside cannot do it.

A keeper lives in the memory group that it has to clean. While jobs there fork as fast as the
kernel kills them for want of memory, the keeper gets neither memory nor a turn. The agent is
outside: it hears of each shortage too, and when they go on it ends all of the slot, the keeper
included. Nobody in it may fork any more, whoever is listed is killed, until nobody is.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable
from pathlib import Path

from owari.compute.agent import orphans
from owari.compute.agent.loop import IN, Loop

AGAIN_S = 0.02
STOPS_MAX = 20  # looks for new processes before those found are killed


class Shortages:
    """Calls `heard` whenever the kernel kills in a slot's group for want of memory."""

    def __init__(self, loop: Loop, groups: list[str], heard: Callable[[], None]) -> None:
        self._loop = loop
        self._heard = heard
        self._fds: list[int] = []
        with contextlib.suppress(OSError):  # without it the keeper is on its own
            self._listen(groups)

    def _listen(self, groups: list[str]) -> None:
        for group in map(Path, groups):
            if (group / "memory.oom_control").exists():  # cgroup v1
                control = os.open(group / "memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
                event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
                self._fds = [event, control]
                _write(group / "cgroup.event_control", f"{event} {control}")
                self._loop.add(event, self._on_event_v1, IN)
            elif (group / "memory.events").exists():
                self._fds = [os.open(group / "memory.events", os.O_RDONLY | os.O_CLOEXEC)]
                self._kills = self._count()
                self._loop.add(self._fds[0], self._on_event_v2, select.EPOLLPRI)

    def _on_event_v1(self, _events: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._fds[0])
            self._heard()

    def _on_event_v2(self, _events: int) -> None:
        """Told of pressure too, at which nothing is killed."""
        before, self._kills = self._kills, self._count()
        if self._kills > before:
            self._heard()

    def _count(self) -> int:
        words = os.pread(self._fds[0], 512, 0).decode().split()
        return int(words[words.index("oom_kill") + 1])

    def close(self) -> None:
        if self._fds:
            self._loop.remove(self._fds[0])
        for fd in self._fds:
            os.close(fd)
        self._fds = []


def end(loop: Loop, groups: list[str], then: Callable[[], None]) -> None:
    """Kill whatever is in these groups, and call `then` when nobody is left."""

    def strike() -> None:
        if _strike(groups):
            loop.call_later(AGAIN_S, strike)
        else:
            then()

    strike()


def end_while(loop: Loop, groups: list[str], ours: Callable[[], bool]) -> None:
    """Kill whatever is in these groups, until nobody is left or they are not `ours` any more: the
    next may be in them then."""

    def strike() -> None:
        if ours() and _strike(groups):
            loop.call_later(AGAIN_S, strike)

    strike()


def _strike(groups: list[str]) -> set[int]:
    """Everybody found, stopped before any is killed: who forks on does not get away."""
    for group in map(Path, groups):
        _tell(group / "pids.max", "0")
        _tell(group / "cgroup.kill", "1")  # cgroup v2 since Linux 5.14
    found: set[int] = set()
    for _ in range(STOPS_MAX):
        new = _listed(groups) - found
        if not new:
            break
        for pid in new:
            orphans.kill(pid, signal.SIGSTOP)
        found |= new
    for pid in found:
        orphans.kill(pid)
    return found


def _listed(groups: list[str]) -> set[int]:
    found: set[int] = set()
    for group in groups:
        with contextlib.suppress(OSError):
            found.update(map(int, (Path(group) / "cgroup.procs").read_text().split()))
    return found


def _tell(path: Path, text: str) -> None:
    with contextlib.suppress(OSError):
        _write(path, text)


def _write(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
