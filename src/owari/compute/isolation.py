"""How far this machine can confine a function environment, found out once by trying.

Tiers, best first:
    cgroup v1, cgroup v2   the kernel enforces the memory limit exactly and shares the CPU in
                           proportion to memory (1,769 MiB = 1 vCPU, Lambda's documented ratio);
                           every descendant is known and can be killed
    watchdog               memory is polled (an overshoot of some MiB within 20 ms is possible),
                           CPU is not weighted, descendants are found by a marker in their
                           environment

Groups lie below the one we run in, so limits set on Owari from outside still hold. They are
kept per slot and reused, because entering one can cost the kernel milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

MIB = 1024 * 1024
VCPU_MIB = 1_769
SHARES_PER_VCPU = 1_024


class Slot(Protocol):
    """A place for one environment at a time."""

    @property
    def join(self) -> list[str]:
        """`cgroup.procs` files that the worker writes itself into."""

    @property
    def event_fd(self) -> int:
        """Readable when memory ran out; -1 where the kernel does not tell."""

    def limit(self, memory_mib: int) -> None: ...

    def pids(self) -> list[int]:
        """Every process in it; empty in the watchdog tier."""

    def ran_out_of_memory(self) -> bool: ...

    def peak_mib(self) -> int:
        """Most memory used since it was last cleared; 0 when unknown."""

    def clear(self) -> None:
        """Forget the last environment: limits off, peak and counters at zero."""

    def remove(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Tier:
    """What was found: `name`, `why`, and what would `raise_it` to a better one."""

    name: str
    why: str
    raise_it: str = ""
    parents: tuple[str, ...] = ()  # cgroup v1: of memory, cpu and, where writable, pids

    def slot(self, number: int) -> Slot:
        match self.name:
            case "cgroup v1":
                memory, cpu = (Path(parent) / f"slot-{number}" for parent in self.parents[:2])
                return SlotV1(memory, cpu)
            case "cgroup v2":
                return SlotV2(Path(self.parents[0]) / f"slot-{number}")
            case _:
                return SlotWatched()

    def job_groups(self, number: int) -> list[str]:
        """The cgroups of a slot for process runs (runtime/groups.py); none in the watchdog tier."""
        folders = [Path(parent) / f"slot-job-{number}" for parent in self.parents]
        for folder in folders:
            folder.mkdir(exist_ok=True)
        return [str(folder) for folder in folders]


def cpu_shares(memory_mib: int) -> int:
    return max(2, memory_mib * SHARES_PER_VCPU // VCPU_MIB)


def _write(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _counter(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _pids(group: Path) -> list[int]:
    try:
        return [int(line) for line in (group / "cgroup.procs").read_text().split()]
    except OSError:
        return []


class SlotV1:
    """A memory and a cpu group (cgroup v1)."""

    def __init__(self, memory: Path, cpu: Path) -> None:
        self.memory = memory
        self.cpu = cpu
        for group in (memory, cpu):
            group.mkdir(exist_ok=True)
        self.join = [str(memory / "cgroup.procs"), str(cpu / "cgroup.procs")]
        self._kills = _counter(memory / "memory.oom_control", "oom_kill")
        self._peak = os.open(memory / "memory.max_usage_in_bytes", os.O_RDWR | os.O_CLOEXEC)
        self._control = os.open(memory / "memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
        self.event_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        _write(memory / "cgroup.event_control", f"{self.event_fd} {self._control}")

    def limit(self, memory_mib: int) -> None:
        size = str(memory_mib * MIB)
        _write(self.memory / "memory.limit_in_bytes", size)
        swap = self.memory / "memory.memsw.limit_in_bytes"
        if swap.exists():
            _write(swap, size)
        _write(self.cpu / "cpu.shares", str(cpu_shares(memory_mib)))

    def pids(self) -> list[int]:
        return _pids(self.memory)

    def ran_out_of_memory(self) -> bool:
        return _counter(self.memory / "memory.oom_control", "oom_kill") > self._kills

    def peak_mib(self) -> int:
        return int(os.pread(self._peak, 32, 0)) // MIB + 1

    def clear(self) -> None:
        swap = self.memory / "memory.memsw.limit_in_bytes"
        if swap.exists():
            _write(swap, "-1")
        _write(self.memory / "memory.limit_in_bytes", "-1")
        _write(self.cpu / "cpu.shares", str(SHARES_PER_VCPU))
        os.pwrite(self._peak, b"0", 0)
        self._kills = _counter(self.memory / "memory.oom_control", "oom_kill")

    def remove(self) -> None:
        for fd in (self._peak, self._control, self.event_fd):
            os.close(fd)
        for group in (self.memory, self.cpu):
            group.rmdir()


class SlotV2:
    """One group of the unified hierarchy; an out-of-memory kill takes all of it."""

    event_fd = -1  # the kernel kills the whole group, so the worker's end tells

    def __init__(self, group: Path) -> None:
        self.group = group
        group.mkdir(exist_ok=True)
        self.join = [str(group / "cgroup.procs")]
        _write(group / "memory.oom.group", "1")
        self._kills = _counter(group / "memory.events", "oom_kill")

    def limit(self, memory_mib: int) -> None:
        _write(self.group / "memory.max", str(memory_mib * MIB))
        swap = self.group / "memory.swap.max"
        if swap.exists():
            _write(swap, "0")
        weight = 100 * cpu_shares(memory_mib) // SHARES_PER_VCPU
        _write(self.group / "cpu.weight", str(min(max(weight, 1), 10_000)))

    def pids(self) -> list[int]:
        return _pids(self.group)

    def ran_out_of_memory(self) -> bool:
        return _counter(self.group / "memory.events", "oom_kill") > self._kills

    def peak_mib(self) -> int:
        for name in ("memory.peak", "memory.current"):  # the first since Linux 5.19
            path = self.group / name
            if path.exists():
                return int(path.read_text()) // MIB + 1
        return 0

    def clear(self) -> None:
        """`memory.peak` cannot be reset everywhere: a new group is cheaper than a wrong figure."""
        self.group.rmdir()
        SlotV2.__init__(self, self.group)

    def remove(self) -> None:
        self.group.rmdir()


class SlotWatched:
    """No group: the agent polls memory and finds descendants itself."""

    event_fd = -1

    def __init__(self) -> None:
        self.join: list[str] = []
        self.exceeded = False

    def limit(self, memory_mib: int) -> None:
        pass

    def pids(self) -> list[int]:
        return []

    def ran_out_of_memory(self) -> bool:
        return self.exceeded

    def peak_mib(self) -> int:
        return 0

    def clear(self) -> None:
        self.exceeded = False

    def remove(self) -> None:
        pass


# ---- finding out
def detect(name: str, *, wish: str = "auto", proc: Path = Path("/proc/self")) -> Tier:
    """The best tier that works here. `name` is the parent group's; `wish` = `watchdog` forces."""
    if wish == "watchdog":
        return Tier("watchdog", "asked for", "start Owari without --isolation watchdog")
    problems = []
    for attempt in (_detect_v1, _detect_v2):
        try:
            return attempt(name, proc)
        except (OSError, LookupError) as error:
            problems.append(f"{attempt.__name__[8:]}: {error}")
    remedy = (
        "run Owari as root, or in a delegated systemd scope: "
        "systemd-run --user --scope -p Delegate=yes owari up"
    )
    return Tier("watchdog", "no writable cgroup (" + "; ".join(problems) + ")", remedy)


def _mounts(proc: Path, kind: str) -> dict[str, tuple[str, str]]:
    """Controller → (mount point, root inside the hierarchy); `""` for cgroup2."""
    found = {}
    for line in (proc / "mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        fields, super_fields = left.split(), right.split()
        if super_fields[0] == kind:
            options = super_fields[2].split(",") if kind == "cgroup" else [""]
            for option in options:
                found[option] = (fields[4], fields[3])
    return found


def _own_group(proc: Path, mounts: dict[str, tuple[str, str]], controller: str) -> Path:
    """The folder of the group this process is in. Raises LookupError."""
    if controller not in mounts:
        raise LookupError(f"no {controller or 'unified'} hierarchy is mounted")
    point, root = mounts[controller]
    for line in (proc / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            inside = os.path.relpath(path, root)
            return Path(point) / ("" if inside.startswith("..") else inside)
    raise LookupError(f"this process is in no {controller} group")


def _try_out(tier: Tier) -> Tier:
    slot = tier.slot(0)
    try:
        slot.limit(128)
        slot.clear()
    finally:
        slot.remove()
    return tier


def _detect_v1(name: str, proc: Path) -> Tier:
    mounts = _mounts(proc, "cgroup")
    parents = [_own_group(proc, mounts, c) / name for c in ("memory", "cpu")]
    for parent in parents:
        parent.mkdir(exist_ok=True)
    with contextlib.suppress(OSError, LookupError):  # we can do without
        pids = _own_group(proc, mounts, "pids") / name
        pids.mkdir(exist_ok=True)
        parents.append(pids)
    return _try_out(
        Tier("cgroup v1", "memory and cpu groups are writable", "", tuple(map(str, parents)))
    )


def _detect_v2(name: str, proc: Path) -> Tier:
    parent = _own_group(proc, _mounts(proc, "cgroup2"), "") / name
    parent.mkdir(exist_ok=True)
    try:
        missing = {"memory", "cpu"} - set((parent / "cgroup.controllers").read_text().split())
        if missing:
            _write(parent.parent / "cgroup.subtree_control", "+memory +cpu")
        _write(parent / "cgroup.subtree_control", "+memory +cpu")
        with contextlib.suppress(OSError):  # we can do without
            _write(parent.parent / "cgroup.subtree_control", "+pids")
            _write(parent / "cgroup.subtree_control", "+pids")
        return _try_out(Tier("cgroup v2", "the unified group is writable", "", (str(parent),)))
    except OSError:
        parent.rmdir()
        raise


def remove_groups(parents: tuple[str, ...]) -> None:
    """Kill whatever is left in the groups below `parents`, and remove those that are empty."""
    for parent in map(Path, parents):
        for group in [*parent.glob("slot-*"), parent]:
            for pid in _pids(group):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            # Still ending, or not ours to remove: tried again at the next start.
            with contextlib.suppress(OSError):
                group.rmdir()


def describe(name: str = "owari-doctor") -> dict[str, str]:
    """For `owari doctor`: the tier of this machine, why, and what would raise it."""
    tier = detect(name)
    remove_groups(tier.parents)
    return {
        "tier": tier.name,
        "why": tier.why,
        "raise_it": tier.raise_it,
        "memory": "exact, by the kernel" if tier.parents else "polled each 20 ms",
        "cpu": "weighted by memory" if tier.parents else "not weighted",
    }
