"""What a connection and the application expect of each other, for one request."""

from __future__ import annotations

from typing import Protocol

from owari.http.peer import Peer
from owari.wire.message import Request, Response


class Malformed(Exception):
    """The bytes are not an HTTP request we take: answered with `status`, then closed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Flow(Protocol):
    """How a turn holds back its client while its body cannot be taken in as fast as it comes."""

    def hold(self) -> None: ...

    def release(self) -> None: ...


class Turn(Protocol):
    """One request taken in and answered. `feed`* then `answer`, or `abandon` at any moment."""

    @property
    def refused(self) -> bool:
        """Known to be refused: its body is of no use to anyone."""

    @property
    def streamed(self) -> bool:
        """Its body may be large and goes to disk as it comes."""

    def feed(self, data: bytes) -> None:
        """The next piece of the body, HTTP's own framing removed."""

    async def answer(self) -> Response:
        """The answer; the body is whole."""

    def lost(self) -> Response:
        """What to answer instead when the answer's file cannot be opened."""

    def abandon(self) -> None:
        """The client has gone before the body was whole, or before it could be answered."""


class Application(Protocol):
    """Whoever answers the requests."""

    def open(self, request: Request, length: int | None, peer: Peer, flow: Flow) -> Turn:
        """A head has come; `length` is the body's declared size, None when it is chunked."""
