"""Removing blobs that nothing refers to, and what a killed server left half received."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from owari.errors import ServiceError
from owari.kernel import Context, Work
from owari.store.blobs import GRACE_S, BlobStore
from owari.store.database import connect
from owari.store.tx import Tx

log = logging.getLogger("owari.sweep")


def work(blobs: BlobStore, context: Context, loop: asyncio.AbstractEventLoop) -> Work:
    """Work that forgets unused blobs; their files go after it has been committed."""

    def body(tx: Tx) -> list[str]:
        return blobs.unused(tx.connection, tx.now)

    def done(unused: Any, error: ServiceError | None) -> None:
        if error is None and unused:
            loop.run_in_executor(None, blobs.unlink, unused)

    return Work(context, body, done)


def leftovers(blobs: BlobStore, database: Any) -> None:
    """At start: files being received when the server died, and files no table knows."""
    for path in blobs.folder.glob("tmp-*"):
        if time.time() - path.stat().st_mtime > GRACE_S:
            path.unlink(missing_ok=True)
    connection = connect(database, writer=False)
    try:
        for path in blobs.folder.glob("??/*"):
            known = connection.execute("SELECT 1 FROM blob WHERE id = ?", (path.name,)).fetchone()
            if known is None and time.time() - path.stat().st_mtime > GRACE_S:
                log.info("removing %s, which nothing refers to", path.name)
                path.unlink(missing_ok=True)
    finally:
        connection.close()
