"""The place a keeper and its job run in: a cgroup that is joined once and reused.

The keeper lives in the group, so every job is born in it: entering a group costs the kernel
milliseconds, being born there nothing. What the keeper itself holds is added to the limit.
"""

# pathlib would cost memory and time in every keeper.
# ruff: noqa: PTH118, PTH123

from __future__ import annotations

import contextlib
import os
import select

from . import sandbox

MIB = 1024 * 1024
SHARES_PER_VCPU = 1_024
NO_FD = -1
TASKS_MAX = 4_096  # processes and threads of a job


def _read(path: str) -> str:
    with open(path) as file:
        return file.read()


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _figure(text: str, name: str) -> int:
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _bound(pids: int, tasks: int) -> None:
    """`pids`: of a group's `pids.max`, NO_FD where there is none."""
    if pids != NO_FD:
        os.write(pids, b"%d" % tasks)


def _open_bound(folder: str) -> int:
    try:
        return os.open(os.path.join(folder, "pids.max"), os.O_WRONLY)
    except FileNotFoundError:
        return NO_FD


class NoGroup:
    """Memory is watched by the keeper itself; CPU is not weighted."""

    event_fd = NO_FD
    event_mask = 0
    exact = False
    suspects = False

    def limit(self, memory_mib: int, vcpus: float) -> None:
        pass

    def forbid_forks(self) -> None:
        pass

    def forget(self) -> None:
        pass

    def ran_out_of_memory(self) -> bool:
        return False


class GroupV1:
    """A memory and a cpu group, perhaps one of pids (cgroup v1)."""

    event_mask = select.POLLIN
    exact = True

    def __init__(self, memory: str, cpu: str, *pids: str) -> None:
        self.memory = memory
        self.cpu = cpu
        self._set = (0, 0.0)
        sandbox.join(os.path.join(folder, "cgroup.procs") for folder in (memory, cpu, *pids))
        self._pids = _open_bound(pids[0]) if pids else NO_FD
        self._control = os.open(os.path.join(memory, "memory.oom_control"), os.O_RDONLY)
        self.event_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        _write(os.path.join(memory, "cgroup.event_control"), f"{self.event_fd} {self._control}")
        self._kills = self._count()
        self.suspects = False  # told of a shortage; the kill is counted a moment later

    def _count(self) -> int:
        return _figure(os.pread(self._control, 512, 0).decode(), "oom_kill")

    def forget(self) -> None:
        """The next job's kills are counted from here."""
        if self.ran_out_of_memory() or self.suspects:
            self._kills = self._count()
            self.suspects = False

    def limit(self, memory_mib: int, vcpus: float) -> None:
        """Raises OSError."""
        if self._set == (memory_mib, vcpus):
            return
        own = _figure(_read(os.path.join(self.memory, "memory.stat")), "rss")
        size = str(memory_mib * MIB + own)
        swap = os.path.join(self.memory, "memory.memsw.limit_in_bytes")
        with contextlib.suppress(FileNotFoundError):
            _write(swap, "-1")
        try:
            _write(os.path.join(self.memory, "memory.limit_in_bytes"), size)
        except OSError:  # the last job's cached files are in the way
            _write(os.path.join(self.memory, "memory.force_empty"), "0")
            _write(os.path.join(self.memory, "memory.limit_in_bytes"), size)
        with contextlib.suppress(FileNotFoundError):
            _write(swap, size)
        shares = max(2, int(vcpus * SHARES_PER_VCPU))
        _write(os.path.join(self.cpu, "cpu.shares"), str(shares))
        _bound(self._pids, TASKS_MAX + 1)
        self._set = (memory_mib, vcpus)

    def forbid_forks(self) -> None:
        """Until the next `limit`."""
        self._set = (0, 0.0)
        _bound(self._pids, 0)

    def ran_out_of_memory(self) -> bool:
        """Without an event nothing was killed, so this is quick."""
        try:
            os.eventfd_read(self.event_fd)
            self.suspects = True
        except BlockingIOError:
            if not self.suspects:
                return False
        return self._count() > self._kills


class GroupV2:
    """One group of the unified hierarchy."""

    event_mask = select.POLLPRI
    exact = True
    suspects = False

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._set = (0, 0.0)
        sandbox.join([os.path.join(folder, "cgroup.procs")])
        self._pids = _open_bound(folder)
        self.event_fd = os.open(os.path.join(folder, "memory.events"), os.O_RDONLY)
        self._kills = self._count()

    def _count(self) -> int:
        return _figure(os.pread(self.event_fd, 512, 0).decode(), "oom_kill")

    def forget(self) -> None:
        """The next job's kills are counted from here."""
        self._kills = self._count()

    def limit(self, memory_mib: int, vcpus: float) -> None:
        """Raises OSError."""
        if self._set == (memory_mib, vcpus):
            return
        own = _figure(_read(os.path.join(self.folder, "memory.stat")), "anon")
        _write(os.path.join(self.folder, "memory.max"), str(memory_mib * MIB + own))
        with contextlib.suppress(FileNotFoundError):
            _write(os.path.join(self.folder, "memory.swap.max"), "0")
        weight = min(max(int(vcpus * 100), 1), 10_000)
        _write(os.path.join(self.folder, "cpu.weight"), str(weight))
        _bound(self._pids, TASKS_MAX + 1)
        self._set = (memory_mib, vcpus)

    def forbid_forks(self) -> None:
        """Until the next `limit`."""
        self._set = (0, 0.0)
        _bound(self._pids, 0)

    def ran_out_of_memory(self) -> bool:
        return self._count() > self._kills


Group = NoGroup | GroupV1 | GroupV2


def enter(folders: list[str]) -> Group:
    """Join the group of these folders: none, cgroup v2's one, cgroup v1's memory, cpu
    and perhaps pids."""
    match folders:
        case [memory, cpu, *pids]:
            return GroupV1(memory, cpu, *pids)
        case [folder]:
            return GroupV2(folder)
        case _:
            return NoGroup()
