"""One client's connection: bytes in, turns of the application, answers out in order.

Theory of operation. The parser (llhttp) calls back as a request comes in:

    head     `application.open` makes its Turn; `100 Continue` is sent if the client waits for it
    body     fed to the turn. A large streamed body bypasses the parser: the bytes the kernel
             gave us go to the turn as they are
    end      the turn joins the queue; one task answers the queue in order (pipelining)

Reading pauses while a turn holds its body back, or while too many requests wait. A refused
request's body is thrown away; when it is large, or was not sent yet, the answer closes the
connection: we stop sending, read on for a moment so that the client sees the answer and not a
reset, and close. Time limits are checked by the listener once a second (`expire`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from owari.http import sending
from owari.http.head import CONTINUE, split_target
from owari.http.peer import Peer, identify
from owari.http.turn import Malformed, Turn
from owari.wire.message import Body, Request, Response

if TYPE_CHECKING:
    from owari.http.listener import Listener

log = logging.getLogger("owari.http")

PIPELINE_MAX = 32  # requests taken in while an earlier one is being answered
BYPASS_MIN_BYTES = 64 * 1024  # a body with more than this to come bypasses the parser
BYPASS_READ_BYTES = 1024 * 1024
DISCARD_MAX_BYTES = 8 * 1024 * 1024  # of a refused body, before the connection is closed
HEAD_S = 20.0  # from a request's first byte to the end of its head
BODY_STALL_S = 60.0  # between two pieces of a body
IDLE_S = 300.0  # between two requests
UNREAD_S = 300.0  # a client that does not read its answer
HALF_CLOSED_S = 1.0  # a client that stopped sending may wait so long for an answer to begin
LINGER_S = 2.0  # reading on after an answer that closes


@dataclass(slots=True)
class Pending:
    """A request on its way through the connection."""

    turn: Turn
    keep: bool  # the connection stays open afterwards
    old: bool  # HTTP/1.0
    head_only: bool  # HEAD
    awaits_continue: bool
    left: int | None  # body bytes to come; None: chunked
    discarded: int = 0


class Connection(asyncio.Protocol):
    """Made by the listener for each accepted socket."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.loop = listener.loop
        self.application = listener.application
        self.head_max = listener.config.header_max_bytes
        self.parser = HttpRequestParser(self)
        self.queue: deque[Pending] = deque()
        self.incoming: Pending | None = None  # whose body is coming
        self.task: asyncio.Task[None] | None = None
        self.drained: asyncio.Future[None] | None = None  # set while the client reads too slowly
        self.bypass = False
        self.deaf = False  # what comes in is thrown away; the connection is being closed
        self.ended = False  # the client has closed its sending side
        self.sending = False  # an answer has begun
        self.holds = 0  # bit 1: the turn's body; bit 2: the pipeline
        self.in_head = False
        self.since = self.loop.time()  # when the present phase began or last moved

    # ---- the transport's side
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        try:
            self.peer: Peer = identify(transport.get_extra_info("socket"))
        except OSError:
            self.transport.abort()
            return
        if not self.listener.joined(self):
            self._close_with(Malformed(503, "too many connections"))

    def connection_lost(self, _error: Exception | None) -> None:
        self.listener.left(self)
        self.deaf = True
        if self.incoming is not None:
            self.incoming.turn.abandon()
            self.incoming = None
        if self.task is not None:
            self.task.cancel()
        while self.queue:
            self.queue.popleft().turn.abandon()
        self.resume_writing()

    def eof_received(self) -> bool:
        """A client may close its sending side and still wait for its answers.

        But one that was killed looks the same, and must not be given what others wait for (the
        message of a long poll): what is not answered soon is given up.
        """
        self.ended = True
        waits = self.task is not None and self.incoming is None and not self.in_head
        if waits:
            self.loop.call_later(HALF_CLOSED_S, self._give_up)
        return waits

    def _give_up(self) -> None:
        if not self.sending:
            self.transport.abort()

    def pause_writing(self) -> None:
        self.drained = self.loop.create_future()
        self.since = self.loop.time()

    def resume_writing(self) -> None:
        if self.drained is not None:
            self.drained.set_result(None)
            self.drained = None

    # ---- bytes in
    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        if not self.in_head:
            self.since = self.loop.time()
        if self.bypass:
            data = self._take(data)
            if not data:
                return
        try:
            self._parse(data)
        except Malformed as error:
            self._close_with(error)

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade:
            self._no_upgrade()
        except HttpParserError as error:
            cause = error.__context__
            raise cause if isinstance(cause, Malformed) else Malformed(400, str(error)) from error
        if self.in_head:
            self._count_head(len(data))
        elif self.incoming is not None and (self.incoming.left or 0) > BYPASS_MIN_BYTES:
            self.bypass = self.incoming.turn.streamed and not self.deaf
            # asyncio's own bound for one read, 256 KiB: larger pieces cost fewer hand-overs.
            self.transport.max_size = BYPASS_READ_BYTES  # type: ignore[attr-defined]

    def _take(self, data: bytes) -> bytes:
        """Body bytes past the parser; returns what follows the body."""
        incoming = self.incoming
        assert incoming is not None and incoming.left is not None
        rest = b""
        if len(data) > incoming.left:
            data, rest = data[: incoming.left], data[incoming.left :]
        self.on_body(data)
        if incoming.left == 0 and not self.deaf:
            self.bypass = False
            self.parser = HttpRequestParser(self)  # the old one still waits for the body
            self.on_message_complete()
        return rest if not self.deaf else b""

    def _count_head(self, size: int) -> None:
        self.head_size += size
        if self.head_size > self.head_max:
            raise Malformed(431, "the request's head is too large")

    def _no_upgrade(self) -> None:
        """The request is answered as if it had not asked; what follows cannot be told apart."""
        self.deaf = True
        if self.queue:
            self.queue[-1].keep = False

    # ---- what the parser found
    def on_message_begin(self) -> None:
        self.url = b""
        self.headers: dict[str, str] = {}
        self.head_size = 0
        self.in_head = True
        self.since = self.loop.time()

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > self.head_max:
            raise Malformed(414, "the request target is too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.in_head:
            return  # a trailer of a chunked body: nothing of ours is sent there
        self.head_size += len(name) + len(value) + 4
        if self.head_size > self.head_max:
            raise Malformed(431, "the request's head is too large")
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        if key not in self.headers:
            self.headers[key] = text
        elif key == "host":
            raise Malformed(400, "two Host headers")
        else:
            self.headers[key] += "," + text

    def on_headers_complete(self) -> None:
        self.in_head = False
        if self.deaf:
            return
        parser, headers = self.parser, self.headers
        path, query = split_target(self.url.decode("latin-1"))
        request = Request(parser.get_method().decode("ascii"), path, query, headers)
        chunked = "transfer-encoding" in headers
        length = None if chunked else int(headers.get("content-length") or 0)
        if (length or chunked) and parser.should_upgrade():
            raise Malformed(400, "an upgrade with a body")
        turn = self.application.open(request, length, self.peer, self)
        old = parser.get_http_version() == "1.0"
        waits = not old and headers.get("expect", "").lower() == "100-continue"
        incoming = Pending(
            turn,
            parser.should_keep_alive() and not self.listener.closing,
            old,
            request.method == "HEAD",
            waits and length != 0,
            length,
        )
        self.incoming = incoming
        if incoming.awaits_continue:
            if turn.refused:
                self._answer_now(incoming)
            elif self.task is None:
                self._continue(incoming)

    def _continue(self, incoming: Pending) -> None:
        incoming.awaits_continue = False
        self.transport.write(CONTINUE)

    def on_body(self, data: bytes) -> None:
        incoming = self.incoming
        if incoming is None:
            return
        if incoming.left is not None:
            incoming.left -= len(data)
        incoming.awaits_continue = False  # the client did not wait
        if not incoming.turn.refused:
            incoming.turn.feed(data)
            return
        incoming.discarded += len(data)
        if incoming.discarded > DISCARD_MAX_BYTES:
            self._answer_now(incoming)

    def _answer_now(self, incoming: Pending) -> None:
        """Answer before the body is here, which makes this the connection's last answer."""
        incoming.keep = False
        self.deaf = True
        self.bypass = False
        self._queue(incoming)

    def on_message_complete(self) -> None:
        if self.incoming is not None:
            self._queue(self.incoming)

    def _queue(self, incoming: Pending) -> None:
        self.incoming = None
        self.queue.append(incoming)
        if self.task is None:
            self.task = self.loop.create_task(self._answer_queue())
        elif len(self.queue) >= PIPELINE_MAX:
            self._hold(2)

    # ---- flow control of what comes in
    def hold(self) -> None:
        self._hold(1)

    def release(self) -> None:
        self._release(1)

    def _hold(self, bit: int) -> None:
        if not self.holds:
            self.transport.pause_reading()
        self.holds |= bit

    def _release(self, bit: int) -> None:
        if self.holds & bit:
            self.holds &= ~bit
            self.since = self.loop.time()
            if not self.holds:
                self.transport.resume_reading()

    # ---- answers
    async def _answer_queue(self) -> None:
        try:
            while self.queue:
                pending = self.queue.popleft()
                response = await pending.turn.answer()
                self.sending = True
                await self._send(pending, response)
                self.sending = False
                self._release(2)
                if not pending.keep or self.listener.closing:
                    self._finish()
                    return
                if self.incoming is not None and self.incoming.awaits_continue and not self.queue:
                    self._continue(self.incoming)
            if self.ended:
                self.transport.close()
        except sending.Truncated as error:
            log.warning("%s", error)
            self.transport.abort()
        except OSError:
            self.transport.abort()  # the client went away while we sent
        except asyncio.CancelledError:
            self.transport.abort()
        except Exception:
            log.exception("an answer could not be sent")
            self.transport.abort()
        finally:
            self.task = None
            self.since = self.loop.time()

    async def _send(self, pending: Pending, response: Response) -> None:
        endless = pending.old and not isinstance(response.body, bytes | Body)
        keep = pending.keep and not self.listener.closing and not endless
        connection = None if keep else "close"
        if keep and pending.old:
            connection = "keep-alive"
        pending.keep = keep
        try:
            await sending.send(self, response, pending.head_only, connection, old=pending.old)
        except sending.Unreadable:
            log.exception("the body of an answer is missing")
            await sending.send(self, pending.turn.lost(), pending.head_only, connection)

    def _finish(self) -> None:
        """The last answer is out. Read on for a moment if the client may still be sending."""
        if not self.deaf or self.transport.is_closing():
            self.transport.close()
            return
        self._release(self.holds)
        self.transport.write_eof()
        self.loop.call_later(LINGER_S, self.transport.close)

    def _close_with(self, error: Malformed) -> None:
        """Not HTTP as we take it: say so after the answers under way, and close."""
        self.deaf = True
        if self.incoming is not None:
            self.incoming.turn.abandon()
            self.incoming = None
        last = Pending(_Complaint(error), False, False, False, False, 0)
        self._queue(last)

    # ---- time limits
    def expire(self, now: float) -> None:
        """Called once a second by the listener."""
        age = now - self.since
        if self.deaf and self.task is None:
            return
        if self.drained is not None:
            if age > UNREAD_S:
                self.transport.abort()
        elif self.in_head or self.incoming is not None:
            late = age > (HEAD_S if self.in_head else BODY_STALL_S)
            if late and not self.holds and not self._busy_before_body():
                self._close_with(Malformed(408, "the request took too long to arrive"))
        elif self.task is None and age > IDLE_S:
            self.transport.close()

    def _busy_before_body(self) -> bool:
        """The client waits for our `100 Continue`, which waits for an earlier answer."""
        return self.incoming is not None and self.incoming.awaits_continue and bool(self.task)

    def shut(self) -> None:
        """The listener is closing: an idle connection ends now, a busy one with its answer."""
        if self.task is None and self.incoming is None:
            self.transport.close()


class _Complaint:
    """The turn of something that was not a request."""

    refused = True
    streamed = False

    def __init__(self, error: Malformed) -> None:
        self.error = error

    def feed(self, data: bytes) -> None:
        """There is nothing to take in."""

    def lost(self) -> Response:
        raise AssertionError("a complaint has no file")

    async def answer(self) -> Response:
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        return Response(self.error.status, headers, f"{self.error.message}\n".encode())

    def abandon(self) -> None:
        """There is nothing to give up."""
