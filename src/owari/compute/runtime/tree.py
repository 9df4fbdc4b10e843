"""All processes below one: found without their help, whatever session or group they moved to.

A keeper is their *subreaper*: a descendant whose parent ends becomes the keeper's own child, so
nothing that a job has started can get away, in any tier of isolation.
"""

# pathlib would cost memory and time in every keeper.
# ruff: noqa: PTH110, PTH123, PTH208, SIM105

from __future__ import annotations

import os
import signal

from . import sandbox

PR_SET_CHILD_SUBREAPER = 36
FIRST = -20
PAGE = os.sysconf("SC_PAGE_SIZE")


def adopt_orphans() -> None:
    sandbox.LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found


def _by_parent() -> dict[int, list[int]]:
    """For kernels without the `children` file."""
    found: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError):
                continue
            found.setdefault(parent, []).append(int(name))
    return found


def descendants(pid: int) -> list[int]:
    listed = None if os.path.exists(f"/proc/{pid}/task/{pid}/children") else _by_parent()
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        children = _children(parent) if listed is None else listed.get(parent, [])
        found += children
        waiting += children
    return found


def send(number: int) -> None:
    """A signal to all descendants of this process."""
    for pid in descendants(os.getpid()):
        _signal(pid, number)


def kill_all() -> None:
    """SIGKILL to all descendants. Each is stopped before its children are listed, and all are
    before any is killed: what forks faster than we look does not get away, nor uses the memory
    that a killed one leaves. A crowd of them shares our processors, so we go first meanwhile."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    _hurry(FIRST)
    try:
        stopped: set[int] = set()
        while not stopped.issuperset(found := _stop_all()):
            stopped.update(found)
        for pid in found:
            _signal(pid, signal.SIGKILL)
    finally:
        _hurry(usual)


def _stop_all() -> list[int]:
    if not os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children"):
        send(signal.SIGSTOP)
        return descendants(os.getpid())
    found = _children(os.getpid())
    for pid in found:  # grows
        _signal(pid, signal.SIGSTOP)
        found += _children(pid)
    return found


def _hurry(priority: int) -> None:
    try:
        os.setpriority(os.PRIO_PROCESS, 0, priority)
    except OSError:
        pass


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def end_all() -> None:
    """SIGKILL to all descendants, until none is left."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
            kill_all()
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def reap_adopted(child: int) -> None:
    """Take the status of ended processes that became ours, but not of `child`."""
    while True:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None or found.si_pid == child:
            return
        os.waitpid(found.si_pid, 0)


def resident_bytes() -> int:
    """Private resident memory of all descendants, as far as /proc tells cheaply."""
    used = 0
    for pid in descendants(os.getpid()):
        try:
            with open(f"/proc/{pid}/statm") as file:
                fields = file.read().split()
        except OSError:
            continue
        if len(fields) > 2:
            used += (int(fields[1]) - int(fields[2])) * PAGE
    return used
