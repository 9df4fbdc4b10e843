"""A keeper's folder for what its jobs write: their /tmp, and more in a box. Emptied after each."""

# pathlib would cost memory and time in every keeper.
# ruff: noqa: PTH101, PTH103, PTH118, PTH208, SIM105

from __future__ import annotations

import os
import time

TICK_NS = 100_000_000


class Scratch:
    """`folder` is the keeper's; `tmp` in it stands in for /tmp where the machine allows that.

    It is emptied through descriptors opened before the keeper entered its own mounts: so what a
    job may have mounted below its /tmp is never reached. Make it before, `settled` after that.
    """

    def __init__(self, folder: str) -> None:
        self.own_tmp = False
        self.tmp = os.path.join(folder, "tmp")
        self._top = _opened(folder)
        self._inside = _opened(self.tmp)
        self.settled(own_tmp=False)

    def settled(self, *, own_tmp: bool) -> None:
        """What is there now stays: mount points."""
        self.own_tmp = own_tmp
        self._kept = {fd: frozenset(os.listdir(fd)) for fd in (self._inside, self._top)}
        self._seen: dict[int, int] = {}

    def clear(self) -> None:
        if not os.fstat(self._inside).st_nlink:  # a job removed the folder it was in
            self._make_anew()
        for fd, kept in self._kept.items():
            changed = os.fstat(fd).st_ctime_ns
            if changed == self._seen.get(fd):
                continue
            for name in os.listdir(fd):
                if name not in kept:
                    try:
                        _remove(fd, name)
                    except RecursionError:  # absurdly deep: what is left goes next time
                        pass
            self._remember(fd, kept)

    def _make_anew(self) -> None:
        os.makedirs(self.tmp, exist_ok=True)
        os.chmod(self.tmp, 0o1777)
        made = _opened(self.tmp)
        os.dup2(made, self._inside, inheritable=False)
        os.close(made)

    def _remember(self, fd: int, kept: frozenset[str]) -> None:
        """An emptied folder whose ctime stays what it is now need not be looked at again. One
        changed just now is: a change within the same tick of the kernel's clock would not show."""
        changed = os.fstat(fd).st_ctime_ns
        if abs(time.time_ns() - changed) > TICK_NS and kept.issuperset(os.listdir(fd)):
            self._seen[fd] = changed


def _opened(folder: str) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def _remove(folder: int, name: str) -> None:
    """What cannot be removed stays."""
    try:
        os.unlink(name, dir_fd=folder)
        return
    except OSError:
        pass
    try:
        inside = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    except OSError:
        return
    try:
        for entry in os.listdir(inside):
            _remove(inside, entry)
        os.rmdir(name, dir_fd=folder)
    except OSError:
        pass
    finally:
        os.close(inside)
