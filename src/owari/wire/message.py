"""Requests, answers and bodies as the wire layer and the services see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ANONYMOUS = "anonymous"  # the principal of a request without credentials


@dataclass(slots=True)
class Request:
    """An HTTP request's head, and its body when the operation's body is not a stream.

    `path` and `query` are raw (still percent-encoded, `query` without the `?`); header names
    are lower-case, repeated headers joined by `,`.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a body: bytes in memory, or `length` bytes of the file `path` at `offset`."""

    data: bytes | None = None
    path: str | None = None
    offset: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """A streaming response body: segments sent one after another, never read whole."""

    segments: tuple[Segment, ...]

    @property
    def length(self) -> int:
        return sum(s.length if s.data is None else len(s.data) for s in self.segments)

    @classmethod
    def of(cls, data: bytes) -> Body:
        return cls((Segment(data=data, length=len(data)),))


def read_body(body: Body) -> bytes:
    """A streamed answer, whole."""
    return b"".join(
        part.data if part.data is not None else _stretch(part.path, part.offset, part.length)
        for part in body.segments
    )


def _stretch(path: str | None, offset: int, length: int) -> bytes:
    assert path is not None, "a segment is bytes or part of a file"
    with Path(path).open("rb") as file:
        file.seek(offset)
        return file.read(length)


@dataclass(frozen=True, slots=True)
class Upload:
    """A streaming request body after it was received whole and stored.

    Small ones carry `data`; large ones lie in the blob store, fsynced, under `blob`.
    `checksums` maps algorithm (`crc32`, `crc32c`, `crc64nvme`, `sha1`, `sha256`) to the raw
    digest of those the request declared; they were already verified. `form`: a browser's form
    brought it (S3's POST Object), which event notifications tell apart.
    """

    size: int
    md5: bytes
    data: bytes | None = None
    blob: str | None = None
    checksums: dict[str, bytes] = field(default_factory=dict)
    form: bool = False


@dataclass(slots=True)
class Response:
    """An HTTP answer. `headers` hold everything but Content-Length, Date and Connection.

    A body that is an iterator is sent as it comes; its length is not known before.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes | Body | AsyncIterator[bytes] = b""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls, as far as the wire could tell from credentials."""

    account: str
    region: str
    principal: str
    access_key: str


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A parsed request: an operation, boto3-shaped parameters and the caller."""

    service: str
    operation: str
    params: dict[str, Any]
    identity: Identity
    request_id: str
    trace_id: str = ""  # X-Amzn-Trace-Id as received
    host: str = ""  # under which the caller reached us
