"""Append-only segment files for logs, outside the transaction store.

Many streams share a segment; the database holds only where a chunk lies. What was appended by
a transaction that failed is dead space, nothing worse.
"""

from __future__ import annotations

import os
from pathlib import Path

SEGMENT_MAX_BYTES = 64 * 1024 * 1024


class Segments:
    """`append` returns where the bytes lie: (segment number, offset)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        numbers = [int(p.stem) for p in self.folder.glob("*.log")]
        self._number = max(numbers, default=0)
        self._handle = -1
        self._size = 0

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08d}.log"

    def _roll(self) -> None:
        if self._handle >= 0 and self._size < SEGMENT_MAX_BYTES:
            return
        if self._handle >= 0:
            os.close(self._handle)
        self._number += 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._handle = os.open(self._path(self._number), flags, 0o600)
        self._size = os.fstat(self._handle).st_size

    def append(self, data: bytes, *, sync: bool) -> tuple[int, int]:
        """`sync`: on disk before this returns. Raises OSError when the disk is full."""
        self._roll()
        offset = self._size
        view = memoryview(data)
        while view:
            written = os.write(self._handle, view)
            self._size += written
            view = view[written:]
        if sync:
            os.fdatasync(self._handle)
        return self._number, offset

    def read(self, number: int, offset: int, length: int) -> bytes:
        handle = os.open(self._path(number), os.O_RDONLY)
        try:
            return os.pread(handle, length, offset)
        finally:
            os.close(handle)

    def numbers(self) -> list[int]:
        return sorted(int(p.stem) for p in self.folder.glob("*.log"))

    def remove(self, number: int) -> None:
        """Remove a whole segment none of whose chunks are kept; never the current one."""
        if number != self._number:
            self._path(number).unlink(missing_ok=True)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
