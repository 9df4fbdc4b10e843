"""Receiving a streamed request body: small ones stay in memory, large ones go to the blob store.

Theory of operation. What the client sends passes two lanes of worker threads while more comes in:

    digest lane   aws-chunked framing removed, MD5 and checksums
    write lane    written to a temporary file; at the end fsync, rename, fsync of the folder

At most HIGH_BYTES wait in the lanes, then the client is held back: memory stays constant. The
first failure (bad framing, disk full, too large) is kept; the rest of the body is thrown away
and `finish` raises it. A body given up leaves no file.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from owari.errors import ServiceError
from owari.http.lane import Lane
from owari.http.turn import Flow
from owari.store.blobs import BlobStore
from owari.wire.checksums import Digests
from owari.wire.message import Upload

HIGH_BYTES = 8 * 1024 * 1024
LOW_BYTES = 4 * 1024 * 1024


class Decoder(Protocol):
    """Removes a body's own framing (aws-chunked). May raise ServiceError."""

    def feed(self, data: bytes, /) -> bytes: ...

    def finish(self) -> None: ...


class Abandoned(Exception):
    """The client went away before its body was whole."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where bodies are received to. Sizes in bytes."""

    blobs: BlobStore
    threads: Executor
    inline_max: int
    body_max: int


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
        self.waiting = 0  # bytes in the lanes, counted once for each
        self.holding = False
        self.ended = False

    def take(self, data: bytes) -> None:
        self.waiting += 2 * len(data)
        if self.waiting > HIGH_BYTES and not self.holding:
            self.holding = True
            self.spool.flow.hold()
        self.digesting.put(partial(self._digest, data))

    def _passed(self, size: int) -> None:
        self.waiting -= size
        if self.holding and self.waiting < LOW_BYTES:
            self.holding = False
            self.spool.flow.release()

    async def finish(self) -> str:
        self.done = self.loop.create_future()
        self.ended = True
        self.digesting.put(self._end)
        return await self.done

    def abandon(self) -> None:
        if self.ended:
            return
        self.ended = True
        self.spool.failure = self.spool.failure or Abandoned()
        self.digesting.put(self._end)

    # ---- digest lane
    def _digest(self, data: bytes) -> None:
        spool = self.spool
        plain = b""
        if spool.failure is None:
            try:
                plain = spool.decode(data)
                self.writing.put(partial(self._write, plain))
                spool.digests.update(plain)
            except Exception as error:
                spool.failure = spool.failure or error
        # What the framing took away will not pass the second lane.
        self._tell(2 * len(data) - len(plain))

    def _end(self) -> None:
        if self.spool.failure is None:
            try:
                self.spool.decoder.finish()
            except Exception as error:
                self.spool.failure = error
        self.writing.put(self._seal)

    # ---- write lane
    def _write(self, plain: bytes) -> None:
        if self.spool.failure is None:
            try:
                self._write_all(plain)
            except Exception as error:
                self.spool.failure = self.spool.failure or error
        self._tell(len(plain))

    def _write_all(self, plain: bytes) -> None:
        if self.path is None:
            self.path = self.spool.store.blobs.new()
            self.handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        view = memoryview(plain)
        while view:
            view = view[os.write(self.handle, view) :]

    def _seal(self) -> None:
        """Everything is written, or something failed."""
        blob = ""
        try:
            if self.spool.failure is None:
                self._write_all(b"")  # a body whose framing held nothing
                os.fsync(self.handle)
                assert self.path is not None
                blob = self.spool.store.blobs.adopt(self.path)
        except Exception as error:
            self.spool.failure = error
        if self.handle >= 0:
            os.close(self.handle)
        if not blob and self.path is not None:
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
    def _tell(self, size: int) -> None:
        if size:
            self._call(self._passed, size)

    def _call(self, act: object, argument: object) -> None:
        try:
            self.loop.call_soon_threadsafe(act, argument)  # type: ignore[arg-type]
        except RuntimeError:
            return  # the server has ended; what it left is swept at the next start
