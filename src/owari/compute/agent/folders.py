"""Folders of the host used as a function's code or layers: has anything in them changed?

Told by inotify(7), which queues an event before the write that caused it returns: whoever changed
a file and then invokes the function meets the new code.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from owari.compute.agent.saying import say

LIBC = ctypes.CDLL(None, use_errno=True)
# close after writing, attributes, moves, creation, deletion, of the folder itself too
MASK = 0x8 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800 | 0x1000000
READ_BYTES = 1 << 16


class Watched:
    """One folder with all below it. `generation` counts the times something was seen to change.

    `suspected`: where it cannot be watched for, each look counts as a change.
    """

    def __init__(self, folder: str, suspected: bool) -> None:
        self.folder = folder
        self.suspected = suspected
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
        """Afresh, as folders come and go. inotify may have no more room."""
        fd = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for parent, folders, _ in os.walk(self.folder):
            folders[:] = [name for name in folders if name != "__pycache__"]
            if fd < 0 or LIBC.inotify_add_watch(fd, os.fsencode(parent), MASK) < 0:
                say(f"changes in {self.folder} cannot be watched for")
                self.generation += self.suspected
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

    def generations(self, code: str, layers: list[str]) -> str:
        """Another text whenever one of them has changed; '' for a function without folders. A
        layer may be too large to be watched, and rarely changes: it is then taken as it was."""
        seen = [self._generation(code, suspected=True)] if code else []
        seen += [self._generation(layer, suspected=False) for layer in layers]
        return "".join(f"#{generation}" for generation in seen)

    def _generation(self, folder: str, *, suspected: bool) -> int:
        """-1 while it is not there."""
        if not Path(folder).is_dir():
            return -1
        watched = self._watched.get(folder)
        if watched is None:
            watched = self._watched[folder] = Watched(folder, suspected)
            return watched.generation
        return watched.look()
