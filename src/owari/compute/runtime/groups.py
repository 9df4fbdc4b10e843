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
RELAXED_BYTES = 32 * MIB


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


class NoGroup:
    """Memory is watched by the keeper itself; CPU is not weighted."""

    event_fd = NO_FD
    event_mask = 0
    exact = False
    suspects = False

    def limit(self, memory_mib: int, vcpus: float) -> None:
        pass

    def relax(self) -> None:
        pass

    def forget(self) -> None:
        pass

    def ran_out_of_memory(self) -> bool:
        return False


class GroupV1:
    """A memory and a cpu group (cgroup v1)."""

    event_mask = select.POLLIN
    exact = True

    def __init__(self, memory: str, cpu: str) -> None:
        self.memory = memory
        self.cpu = cpu
        self._set = (0, 0.0)
        sandbox.join([os.path.join(memory, "cgroup.procs"), os.path.join(cpu, "cgroup.procs")])
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
        self._set = (memory_mib, vcpus)

    def relax(self) -> None:
        """Room for the keeper to kill what has filled the group: it lives in it too."""
        with contextlib.suppress(OSError):
            self._set = (0, 0.0)
            _write(os.path.join(self.memory, "memory.memsw.limit_in_bytes"), "-1")
        with contextlib.suppress(OSError):
            path = os.path.join(self.memory, "memory.limit_in_bytes")
            _write(path, str(int(_read(path)) + RELAXED_BYTES))

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
        self._set = (memory_mib, vcpus)

    def relax(self) -> None:
        """Room for the keeper to kill what has filled the group: it lives in it too."""
        with contextlib.suppress(OSError, ValueError):
            self._set = (0, 0.0)
            path = os.path.join(self.folder, "memory.max")
            _write(path, str(int(_read(path)) + RELAXED_BYTES))

    def ran_out_of_memory(self) -> bool:
        return self._count() > self._kills


Group = NoGroup | GroupV1 | GroupV2


def enter(folders: list[str]) -> Group:
    """Join the group of these folders: none, cgroup v2's one, cgroup v1's memory and cpu."""
    match folders:
        case [memory, cpu]:
            return GroupV1(memory, cpu)
        case [folder]:
            return GroupV2(folder)
        case _:
            return NoGroup()
