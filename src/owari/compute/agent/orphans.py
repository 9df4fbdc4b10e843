"""Processes by their marks: what a dead agent or an ended environment left behind.

Every process below a zygote carries two variables in `/proc/PID/environ`: the data folder's
mark, and the number of its environment (runtime/sandbox.py writes it there). The first finds
the orphans of a dead agent, the second an environment's descendants where no cgroup does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

FOLDER_MARK = "OWARI_AGENT"
ENVIRONMENT_MARK = "OWARI_ENVIRONMENT"
DIGITS = 16  # runtime/sandbox.py MARKER_DIGITS


def environment_mark(number: int) -> bytes:
    return f"{ENVIRONMENT_MARK}={number:0{DIGITS}d}".encode()


def folder_mark(mark: str) -> bytes:
    return f"{FOLDER_MARK}={mark}".encode()


def marked(*marks: bytes) -> Iterator[int]:
    """Processes whose initial environment carries all `marks`, but this one."""
    me = os.getpid()
    for entry in (path.name for path in Path("/proc").iterdir()):
        if entry.isdigit() and int(entry) != me:
            try:
                fd = os.open(f"/proc/{entry}/environ", os.O_RDONLY)
            except OSError:
                continue
            try:
                if set(marks) <= set(os.read(fd, 1 << 17).split(b"\0")):
                    yield int(entry)
            except OSError:
                pass
            finally:
                os.close(fd)


def _children(pid: int) -> list[int]:
    """Of all its threads."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  (called while orphans flee)
            text = Path(f"/proc/{pid}/task/{task}/children").read_text()
            found += map(int, text.split())
    return found


def descendants(pid: int) -> list[int]:
    """Children, their children and so on, where the kernel lists them."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def kill_marked(*marks: bytes, within_s: float = 5.0) -> int:
    """Kill until none is left, with all below them; how many there were."""
    seen: set[int] = set()
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        alive = [pid for pid in _with_descendants(marked(*marks)) if not _is_zombie(pid)]
        if not alive:
            break
        for pid in alive:
            kill(pid)
        seen.update(alive)
        time.sleep(0.002)
    return len(seen)


def _with_descendants(pids: Iterator[int]) -> set[int]:
    """A process that has emptied its environment is known by those above it."""
    found = set(pids)
    for pid in list(found):
        found.update(descendants(pid))
    return found - {os.getpid()}


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return True


def resident_mib(pid: int) -> int:
    """Private resident memory of a process, as far as /proc tells cheaply."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") // (1024 * 1024)
