"""Folders of the host used as a function's code: has anything in them changed?

Told by inotify(7), which queues an event before the write that caused it returns: whoever changed
a file and then invokes the function meets the new code.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
# close after writing, attributes, moves, creation, deletion, of the folder itself too
MASK = 0x8 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800 | 0x1000000
READ_BYTES = 1 << 16


class Watched:
    """One folder with all below it. `generation` counts the times something was seen to change."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.generation = 0
        self._fd = -1
        self.look()

    def look(self) -> int:
        """The generation now."""
        if self._fd < 0:
            self._watch()
        elif self._has_events():
            self.generation += 1
            self._close()
            self._watch()
        return self.generation

    def _watch(self) -> None:
        """Afresh, as folders come and go. Where inotify has no more room each look is a change."""
        fd = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for parent, folders, _ in os.walk(self.folder):
            folders[:] = [name for name in folders if name != "__pycache__"]
            if fd < 0 or LIBC.inotify_add_watch(fd, os.fsencode(parent), MASK) < 0:
                print(f"changes in {self.folder} cannot be watched for", flush=True)
                self.generation += 1
                if fd >= 0:
                    os.close(fd)
                return
        self._fd = fd

    def _has_events(self) -> bool:
        try:
            return bool(os.read(self._fd, READ_BYTES))
        except BlockingIOError:
            return False

    def _close(self) -> None:
        os.close(self._fd)
        self._fd = -1


class Folders:
    """All that are watched, by path."""

    def __init__(self) -> None:
        self._watched: dict[str, Watched] = {}

    def generation(self, folder: str) -> int:
        """Raises FileNotFoundError."""
        if not Path(folder).is_dir():
            raise FileNotFoundError(folder)
        watched = self._watched.get(folder)
        if watched is None:
            watched = self._watched[folder] = Watched(folder)
            return watched.generation
        return watched.look()
