"""What a fresh worker does to itself: dies with its parent, joins its cgroups, own /tmp."""

# pathlib and contextlib would cost memory and time in every worker.
# ruff: noqa: PTH102, PTH103, PTH112, PTH121, PTH123

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Callable, Iterable
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG = 1
CLONE_NEWNS = 0x20000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18

MNT = "/mnt"  # where Lambda has file systems
PLACE = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

MARKER = b"OWARI_ENVIRONMENT="
MARKER_DIGITS = 16


def die_with_parent(parent: int) -> None:
    """SIGKILL when the parent ends, even if it has ended already."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def no_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def join(cgroups: Iterable[str]) -> None:
    """Enter the cgroups whose `cgroup.procs` files these are. Raises OSError."""
    for path in cgroups:
        fd = os.open(path, os.O_WRONLY)
        try:
            os.write(fd, b"0")
        finally:
            os.close(fd)


def mount(source: str, target: str, flags: int, kind: Any = None, data: Any = None) -> None:
    if LIBC.mount(source.encode(), target.encode(), kind, flags, data) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount {target}: {os.strerror(error)}")


def own_mounts() -> None:
    """A mount namespace whose mounts nobody else sees. Raises OSError where not allowed."""
    if LIBC.unshare(CLONE_NEWNS) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"unshare: {os.strerror(error)}")
    mount("none", "/", MS_REC | MS_PRIVATE)


def leave_mounts(pid: int) -> None:
    """Back into the mounts of another process, where this one has its own."""
    fd = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    same = os.path.samefile("/proc/self/ns/mnt", f"/proc/{pid}/ns/mnt")
    if not same and LIBC.setns(fd, CLONE_NEWNS) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")
    os.close(fd)


class OwnTmp:
    """A folder in place of /tmp, in a mount namespace of this process's own.

    What the runtime needs and happens to lie below the real /tmp (a data folder, a virtual
    environment) is reached through `path` and put back in its place by `reveal`. Raises OSError.
    """

    def __init__(self, folder: str) -> None:
        own_mounts()
        # Opened in the new namespace: one cannot bind from another's mounts.
        self._real = {"/tmp/": os.open("/tmp", PLACE)}
        mount(folder, "/tmp", MS_BIND)

    def path(self, name: str) -> str:
        """Where `name` is now, for this process."""
        for hidden, fd in self._real.items():
            if name.startswith(hidden):
                return f"/proc/self/fd/{fd}/{name[len(hidden) :]}"
        return name

    def replace(self, place: str, folder: str) -> bool:
        """Another folder in place of one of the host's; False when the host has none."""
        if not os.path.isdir(place):
            return False
        source = self.path(folder)
        self._real[place + "/"] = os.open(place, PLACE)
        mount(source, place, MS_BIND)
        return True

    def attach(self, folders: list[list[str]]) -> None:
        """[folder, target]… where every target is directly below `MNT`, which has nothing else.

        Raises OSError.
        """
        self._real[MNT + "/"] = os.open(MNT, PLACE)
        mount("tmpfs", MNT, 0, b"tmpfs", b"size=64k,mode=755")
        for folder, target in folders:
            os.mkdir(target)
            mount(self.path(folder), target, MS_BIND)

    def reveal(self, folder: str) -> None:
        """Make a folder below a place that is hidden now visible again."""
        source = self.path(folder)
        if source != folder and os.path.isdir(source):
            os.makedirs(folder, exist_ok=True)
            mount(source, folder, MS_BIND)

    def make_read_only(self, folder: str) -> None:
        """A function cannot change the code it shares with others."""
        self.reveal(folder)
        mount(folder, folder, MS_BIND)
        self.protect(folder)

    def protect(self, place: str) -> None:
        """Nothing can be changed through this mount from now on."""
        mount("none", place, MS_BIND | MS_REMOUNT | MS_RDONLY)

    def close(self) -> None:
        for fd in self._real.values():
            os.close(fd)


def environ_address() -> int:
    """Where this process's `/proc/PID/environ` keeps the digits of the marker; 0 if nowhere.

    Forked children share that memory's content, so what a worker writes there names it and
    all its descendants, even those that leave its session.
    """
    try:
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        start, end = int(fields[47]), int(fields[48])
        place = ctypes.string_at(start, end - start).find(MARKER)
        return start + place + len(MARKER) if place >= 0 else 0
    except (OSError, ValueError, IndexError):
        return 0


def mark(address: int, number: int) -> None:
    if address:
        ctypes.memmove(address, b"%0*d" % (MARKER_DIGITS, number), MARKER_DIGITS)


def can_have_own_tmp(tmp: str) -> str:
    """'' when a child may have its own /tmp, else why not."""
    return tried(lambda: OwnTmp(tmp))


def tried(act: Callable[[], object]) -> str:
    """What a child of ours meets when it does `act`, and nothing of it stays: '' or why it
    failed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        why = ""
        try:
            act()
        except OSError as error:
            why = str(error) or repr(error)
        os.write(write, why.encode())
        os._exit(0)
    os.close(write)
    answer = os.read(read, 1024).decode()
    os.close(read)
    os.waitpid(child, 0)
    return answer
