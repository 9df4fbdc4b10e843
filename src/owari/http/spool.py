"""Receiving a streamed request body: small ones stay in memory, large ones go to the blob store.

Theory of operation. What the client sends passes two lanes of worker threads while more comes in:

    write lane    aws-chunked framing removed, checksums, written to a temporary file; at the
                  end fsync
    digest lane   MD5; at the end rename and fsync of the folder

The slower one, MD5, comes last, so that it still works while the disk does. At most HIGH_BYTES
wait, counted in each lane, then the client is held back: memory stays constant. The first
failure (bad framing, disk full, too large) is kept; the rest of the body is thrown away and
`finish` raises it. A body given up leaves no file.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from owari.errors import ServiceError
from owari.http.lane import Lane
from owari.http.turn import Flow
from owari.store.blobs import BlobStore
from owari.wire.checksums import Digests
from owari.wire.message import Upload

HIGH_BYTES = 16 * 1024 * 1024
LOW_BYTES = 8 * 1024 * 1024
WRITE_BACK_BYTES = 4 * 1024 * 1024  # the disk is given work this early, not all of it at the end


class Decoder(Protocol):
    """Removes a body's own framing (aws-chunked). May raise ServiceError."""

    def feed(self, data: bytes, /) -> bytes: ...

    def finish(self) -> None: ...


class Abandoned(Exception):
    """The client went away before its body was whole."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where bodies are received to. Sizes in bytes; `reserve` of the disk stays free of bodies."""

    blobs: BlobStore
    threads: Executor
    inline_max: int
    body_max: int
    reserve: int = 0

    def check_room(self, size: int) -> None:
        """Raises OSError before a body is received for which the disk is too full."""
        if self.blobs.room(self.reserve) < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Spool:
    """`feed`* then `await finish()`, or `abandon()` at any moment."""

    def __init__(
        self, store: Store, decoder: Decoder, algorithms: tuple[str, ...], flow: Flow
    ) -> None:
        self.store = store
        self.decoder = decoder
        self.digests = Digests(algorithms)
        self.flow = flow
        self.size = 0  # of the body, framing removed
        self.failure: Exception | None = None
        self._held: list[bytes] = []  # while it may still be a small one
        self._held_size = 0
        self._file: _File | None = None

    def feed(self, data: bytes) -> None:
        if self._file is not None:
            self._file.take(data)
            return
        self._held.append(data)
        self._held_size += len(data)
        if self._held_size > self.store.inline_max:
            self._file = _File(self)
            for piece in self._held:
                self._file.take(piece)
            self._held.clear()

    async def finish(self) -> Upload:
        """The body as received. Raises ServiceError, or OSError when it cannot be stored."""
        if self._file is not None:
            blob = await self._file.finish()
            return Upload(self.size, self.digests.md5, None, blob, self.digests.checksums)
        data = b"".join([self.decode(piece) for piece in self._held])
        self.decoder.finish()
        self.digests.update(data)
        return Upload(len(data), self.digests.md5, data, None, self.digests.checksums)

    def abandon(self) -> None:
        self._held.clear()
        if self._file is not None:
            self._file.abandon()

    def decode(self, data: bytes) -> bytes:
        plain = self.decoder.feed(data)
        self.size += len(plain)
        if self.size > self.store.body_max:
            raise ServiceError(
                "EntityTooLarge",
                "Your proposed upload exceeds the maximum allowed size",
                status=400,
            )
        return plain


class _File:
    """The two lanes of a large body. Methods without underscore are the event loop's."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[str] | None = None
        self.digesting = Lane(spool.store.threads)
        self.writing = Lane(spool.store.threads)
        self.path: Path | None = None
        self.handle = -1
        self.written = 0
        self.given_to_disk = 0
        self.waiting = 0  # bytes in the lanes, counted once for each
        self.holding = False
        self.ended = False

    def take(self, data: bytes) -> None:
        self.waiting += 2 * len(data)
        if self.waiting > HIGH_BYTES and not self.holding:
            self.holding = True
            self.spool.flow.hold()
        self.writing.put(partial(self._write, data))

    def _passed(self, size: int) -> None:
        self.waiting -= size
        if self.holding and self.waiting < LOW_BYTES:
            self.holding = False
            self.spool.flow.release()

    async def finish(self) -> str:
        self.done = self.loop.create_future()
        self.ended = True
        self.writing.put(self._end)
        return await self.done

    def abandon(self) -> None:
        if self.ended:
            return
        self.ended = True
        self.spool.failure = self.spool.failure or Abandoned()
        self.writing.put(self._end)

    # ---- write lane
    def _write(self, data: bytes) -> None:
        plain = b""
        if self.spool.failure is None:
            try:
                plain = self.spool.decode(data)
                self.spool.digests.update_checksums(plain)
                self._write_all(plain)
            except Exception as error:
                self._fail(error)
        if plain:
            self.digesting.put(partial(self._digest, plain))
        # What the framing took away will not pass the second lane.
        self._call(self._passed, 2 * len(data) - len(plain))

    def _write_all(self, plain: bytes) -> None:
        if self.path is None:
            self.path = self.spool.store.blobs.new()
            self.handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        view = memoryview(plain)
        while view:
            size = os.write(self.handle, view)
            self.written += size
            view = view[size:]
        fresh = self.written - self.given_to_disk
        if fresh >= WRITE_BACK_BYTES:
            _write_back(self.handle, self.given_to_disk, fresh)
            self.given_to_disk = self.written

    def _end(self) -> None:
        if self.spool.failure is None:
            try:
                self.spool.decoder.finish()
                self._write_all(b"")  # a body whose framing held nothing
                os.fsync(self.handle)
            except Exception as error:
                self._fail(error)
        self.digesting.put(self._seal)

    def _fail(self, error: Exception) -> None:
        self.spool.failure = self.spool.failure or error

    # ---- digest lane
    def _digest(self, plain: bytes) -> None:
        if self.spool.failure is None:
            try:
                self.spool.digests.update_md5(plain)
            except Exception as error:
                self._fail(error)
        self._call(self._passed, len(plain))

    def _seal(self) -> None:
        """Everything is on disk and counted, or something failed."""
        blob = ""
        if self.handle >= 0:
            os.close(self.handle)
        try:
            if self.path is not None and self.spool.failure is None:
                blob = self.spool.store.blobs.adopt(self.path)
        except Exception as error:
            self._fail(error)
        if self.path is not None and not blob:
            self.path.unlink(missing_ok=True)
        self._call(self._settle, blob)

    def _settle(self, blob: str) -> None:
        if self.done is None or self.done.done():  # nobody waits any more
            if blob:
                self.writing.put(lambda: self.spool.store.blobs.unlink([blob]))
        elif self.spool.failure is not None:
            self.done.set_exception(self.spool.failure)
        else:
            self.done.set_result(blob)

    # ---- from a lane to the event loop
    def _call(self, act: Callable[[Any], None], argument: Any) -> None:
        try:
            self.loop.call_soon_threadsafe(act, argument)
        except RuntimeError:
            return  # the server has ended; what it left is swept at the next start


def _write_back(handle: int, offset: int, size: int) -> None:
    """Have the kernel begin to write what is dirty (Linux does, on this advice), not waiting."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, offset, size, os.POSIX_FADV_DONTNEED)
