"""As much of HTTP/1.1 as the Runtime API needs: requests come in, small answers go out.

Source: RFC 9112 (message syntax), for bodies of a known length and chunked ones with trailers.
"""

from __future__ import annotations

from typing import Any

HEAD_MAX_BYTES = 1 << 18
REASONS = {
    200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 413: "Payload Too Large", 500: "Internal Server Error",
    501: "Not Implemented",
}  # fmt: skip
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BadRequest(Exception):
    """What arrived is no request: the connection ends."""


class Request:
    """`headers` have lower-case names; `trailers` are there at its end."""

    def __init__(self, method: str, path: str, headers: dict[str, str]) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.trailers = {}  # type: dict[str, str]
        self.body = bytearray()
        self.size = 0  # of the body so far, also of what was not kept


def answer(status: int, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS[status]}"]
    lines += ["{}: {}".format(*header) for header in headers.items()]
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1", "replace") + body


class Parser:
    """Cuts what one connection sends into requests. `sink` is told of each step.

    `sink`: `on_head(request)`, `on_data(request, bytes)`, `on_end(request)`.
    """

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._request = None  # type: Request | None
        self._left = 0  # bytes of the body, or of its chunk
        self._chunked = False
        self._in_chunk = False

    def feed(self, data: bytes) -> None:
        """Raises BadRequest."""
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        """Whether something more may be there to be cut."""
        if self._request is None:
            return self._take_head()
        if not self._chunked:
            return self._take_body(self._request)
        if self._in_chunk:
            return self._take_chunk(self._request)
        return self._take_size(self._request)

    # ---- heads
    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_MAX_BYTES:
                raise BadRequest("a head too long")
            return False
        first, *rest = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        try:
            method, path, _ = first.split(" ")
        except ValueError:
            raise BadRequest(first) from None
        self._request = Request(method, path, _fields(rest))
        headers = self._request.headers
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        self._in_chunk = False
        try:
            self._left = int(headers.get("content-length", "0"))
        except ValueError:
            raise BadRequest("Content-Length") from None
        self._sink.on_head(self._request)
        return True

    # ---- bodies
    def _take(self, request: Request) -> None:
        data = bytes(self._buffer[: self._left])
        if data:
            del self._buffer[: len(data)]
            self._left -= len(data)
            request.size += len(data)
            self._sink.on_data(request, data)

    def _take_body(self, request: Request) -> bool:
        self._take(request)
        if self._left:
            return False
        self._end(request)
        return True

    def _take_size(self, request: Request) -> bool:
        """The line before a chunk; the last is followed by trailers."""
        line, found, _ = bytes(self._buffer).partition(b"\r\n")
        if not found:
            return False
        try:
            self._left = int(line.split(b";")[0], 16)
        except ValueError:
            raise BadRequest("the size of a chunk") from None
        if self._left:
            del self._buffer[: len(line) + 2]
            self._in_chunk = True
            return True
        end = self._buffer.find(b"\r\n\r\n", len(line))
        if end < 0:
            return False
        lines = bytes(self._buffer[len(line) : end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        request.trailers = _fields([text for text in lines if text])
        self._end(request)
        return True

    def _take_chunk(self, request: Request) -> bool:
        self._take(request)
        if self._left or len(self._buffer) < 2:
            return False
        del self._buffer[:2]
        self._in_chunk = False
        return True

    def _end(self, request: Request) -> None:
        self._request = None
        self._sink.on_end(request)


def _fields(lines: list[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequest(line)
        found[name.strip().lower()] = value.strip()
    return found
