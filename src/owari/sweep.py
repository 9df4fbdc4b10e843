"""Removing blobs that nothing refers to, what was received and never recorded, and old spans.

Files are unlinked inside the writer's turn: an operation that keeps a blob again (the same code
deployed twice) runs either before, and the blob is spared, or after, and stores it anew. Should
the commit fail, a row nobody refers to is left without its file, and the next sweep takes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from owari.errors import ServiceError
from owari.kernel import Context, Work
from owari.store import spans
from owari.store.blobs import GRACE_S, HURRIED_GRACE_S, BlobStore
from owari.store.tx import Tx

BATCH = 256
IN_FLIGHT_S = 300.0  # a body that is being received is written to more often
HURRY_BELOW_BYTES = 1024 * 1024 * 1024


def grace_s(blobs: BlobStore, reserve: int) -> float:
    """How long what nobody keeps is spared: not for long when the disk fills up."""
    return HURRIED_GRACE_S if blobs.room(reserve) < HURRY_BELOW_BYTES else GRACE_S


def unused(
    blobs: BlobStore, context: Context, grace: float, more: Callable[[], None] = lambda: None
) -> Work:
    """Work that removes blobs dropped longer than the grace period ago; `more` is called when
    there may be others."""
    found: list[str] = []

    def body(tx: Tx) -> None:
        found[:] = blobs.unused(tx.connection, tx.now, grace, BATCH)
        blobs.unlink(found)

    def done(_result: Any, error: ServiceError | None) -> None:
        if error is None and len(found) == BATCH:
            more()

    return Work(context, body, done)


def unknown(blobs: BlobStore, context: Context, candidates: list[str]) -> Work:
    """Work that removes those of `candidates` that no table knows."""

    def body(tx: Tx) -> None:
        lost = [c for c in candidates if tx.one("SELECT 1 FROM blob WHERE id = ?", c) is None]
        blobs.unlink(lost)

    return Work(context, body, _ignore)


def old_spans(context: Context, more: Callable[[], None]) -> Work:
    """Work that removes some of the oldest spans, where there are too many."""

    def done(left: Any, error: ServiceError | None) -> None:
        if error is None and left:
            more()

    return Work(context, lambda tx: spans.prune(tx.connection), done)


def old_files(blobs: BlobStore, grace: float) -> Iterator[list[str]]:
    """Blob ids by the hundred, of files older than the grace period; files that were never
    received whole are removed on the way. Walks the folder: not on the event loop."""
    before = time.time() - max(grace, IN_FLIGHT_S)
    for path in blobs.folder.glob("tmp-*"):
        if _is_older(path, before):
            path.unlink(missing_ok=True)
    found: list[str] = []
    for path in blobs.folder.glob("??/*"):
        if _is_older(path, before):
            found.append(path.name)
        if len(found) == BATCH:
            yield found
            found = []
    if found:
        yield found


def _is_older(path: Path, before: float) -> bool:
    try:
        return path.stat().st_ctime < before  # since it was written or got its name
    except FileNotFoundError:
        return False


def _ignore(_result: Any, _error: ServiceError | None) -> None:
    """The kernel has logged it, and the next sweep tries again."""
