"""Removing blobs that nothing refers to, and what a killed server left half received.

Files are unlinked inside the writer's turn: an operation that keeps a blob again (the same code
deployed twice) runs either before, and the blob is spared, or after, and stores it anew. Should
the commit fail, a row nobody refers to is left without its file, and the next sweep takes it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from owari.errors import ServiceError
from owari.kernel import Context, Work
from owari.store.blobs import GRACE_S, BlobStore
from owari.store.tx import Tx


def unused(blobs: BlobStore, context: Context) -> Work:
    """Work that removes blobs dropped longer than the grace period ago."""
    return Work(context, lambda tx: blobs.unlink(blobs.unused(tx.connection, tx.now)), _ignore)


def unknown(blobs: BlobStore, context: Context, candidates: list[str]) -> Work:
    """Work that removes those of `candidates` that no table knows."""

    def body(tx: Tx) -> None:
        lost = [c for c in candidates if tx.one("SELECT 1 FROM blob WHERE id = ?", c) is None]
        blobs.unlink(lost)

    return Work(context, body, _ignore)


def old_files(blobs: BlobStore, most: int = 256) -> Iterator[list[str]]:
    """Blob ids by the hundred, of files older than the grace period; half-received files of a
    killed server are removed on the way. Walks the folder: not on the event loop."""
    before = time.time() - GRACE_S
    for path in blobs.folder.glob("tmp-*"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
    found: list[str] = []
    for path in blobs.folder.glob("??/*"):
        if path.stat().st_mtime < before:
            found.append(path.name)
        if len(found) == most:
            yield found
            found = []
    if found:
        yield found


def _ignore(_result: Any, _error: ServiceError | None) -> None:
    """The kernel has logged it, and the next sweep tries again."""
