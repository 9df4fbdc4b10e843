"""Sending an answer: bytes in memory, or ranges of files that never pass through ours.

Every file of the first stretch is opened before the head goes out, so a file that vanished is an
error the client can read; if a later one fails, or a file is shorter than recorded, the
connection is cut: never a shorter body that looks complete.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from owari.http.head import answer_head
from owari.wire.message import Body, Response, Segment

OPEN_AHEAD = 32  # files; a multipart object may have 10,000
SMALL_BYTES = 64 * 1024  # a file range up to this is read and written like memory
SLICE_BYTES = 16 * 1024 * 1024  # of a file, to be taken by the client within SLICE_S
SLICE_S = 300.0
WITHOUT_BODY = (204, 304)
_CHUNKED = ("Transfer-Encoding", "chunked")


class Unreadable(Exception):
    """A file of the answer could not be opened; nothing has been sent yet."""


class Truncated(Exception):
    """A file held less than was recorded, after the head had gone out."""


class Link(Protocol):
    """What sending needs of a connection. `drained` is set while the client reads too slowly."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    drained: asyncio.Future[None] | None


async def send(
    link: Link, response: Response, head_only: bool, connection: str | None, *, old: bool = False
) -> None:
    """`old`: HTTP/1.0. Raises OSError when the client goes away, and Unreadable or Truncated for
    the files."""
    body = response.body
    silent = head_only or response.status in WITHOUT_BODY
    if isinstance(body, AsyncIterator):
        await _send_stream(link, response, silent, connection, old)
        return
    head = answer_head(response.status, response.headers, _length(response, silent), connection)
    if silent:
        link.transport.write(head)
    elif isinstance(body, bytes):
        await _send_bytes(link, head, body)
    else:
        await _send_body(link, head, body)


async def _send_stream(
    link: Link, response: Response, silent: bool, connection: str | None, old: bool
) -> None:
    """Chunked, or until the connection ends."""
    stream = response.body
    assert isinstance(stream, AsyncIterator)
    headers = response.headers if silent or old else [*response.headers, _CHUNKED]
    link.transport.write(answer_head(response.status, headers, None, connection))
    if silent:
        return
    async for piece in stream:
        if piece:
            framed = piece if old else b"%x\r\n%b\r\n" % (len(piece), piece)
            await _send_bytes(link, b"", framed)
    if not old:
        await _send_bytes(link, b"", b"0\r\n\r\n")


def _length(response: Response, silent: bool) -> int | None:
    """What Content-Length says; None where the answer has none, or brings its own."""
    if response.status in WITHOUT_BODY:
        return None
    if silent and any(name.lower() == "content-length" for name, _ in response.headers):
        return None
    body = response.body
    assert not isinstance(body, AsyncIterator), "its length is not known"
    return len(body) if isinstance(body, bytes) else body.length


async def _send_bytes(link: Link, head: bytes, body: bytes) -> None:
    if len(body) <= SMALL_BYTES:
        link.transport.write(head + body)
    else:
        link.transport.write(head)
        link.transport.write(body)
    if link.drained is not None:
        await link.drained


async def _send_body(link: Link, head: bytes, body: Body) -> None:
    files = _Files(body.segments)
    try:
        try:
            files.open_ahead()
        except OSError as error:
            raise Unreadable(str(error)) from error
        for segment in body.segments:
            if segment.data is not None:
                await _send_bytes(link, head, segment.data)
            elif segment.length <= SMALL_BYTES:
                await _send_bytes(link, head, _read(files.take(segment), segment))
            else:
                link.transport.write(head)
                await _send_file(link, files.take(segment), segment)
            head = b""
        if head:
            await _send_bytes(link, head, b"")
    finally:
        files.close()


def _read(file: BinaryIO, segment: Segment) -> bytes:
    data = os.pread(file.fileno(), segment.length, segment.offset)
    if len(data) != segment.length:
        raise Truncated(f"{segment.path} is shorter than recorded")
    return data


async def _send_file(link: Link, file: BinaryIO, segment: Segment) -> None:
    offset, left = segment.offset, segment.length
    while left:
        async with asyncio.timeout(SLICE_S):
            sent = await link.loop.sendfile(
                link.transport, file, offset, min(left, SLICE_BYTES), fallback=True
            )
        if sent == 0:
            raise Truncated(f"{segment.path} is shorter than recorded")
        offset, left = offset + sent, left - sent


class _Files:
    """The files of a body, opened some way ahead of the sending and closed behind it."""

    def __init__(self, segments: tuple[Segment, ...]) -> None:
        self._paths: Iterator[str] = (s.path for s in segments if s.path is not None)
        self._open: deque[BinaryIO] = deque()
        self._current: BinaryIO | None = None

    def open_ahead(self) -> None:
        while len(self._open) < OPEN_AHEAD and (path := next(self._paths, None)) is not None:
            self._open.append(Path(path).open("rb", buffering=0))  # noqa: SIM115

    def take(self, segment: Segment) -> BinaryIO:
        """The next segment's file; `segment` is only named in an error."""
        if self._current is not None:
            self._current.close()
            self._current = None
        if not self._open:
            self.open_ahead()
        self._current = self._open.popleft()
        return self._current

    def close(self) -> None:
        for file in (self._current, *self._open):
            if file is not None:
                file.close()
