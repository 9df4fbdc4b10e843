"""Carries out `Http` effects: a delivery to someone outside, over http or https.

A small pool of threads with the standard library's client: deliveries are few and slow, and the
event loop never waits for a name server or a handshake. Redirects are not followed (SNS counts
anything but a 2xx as a failed delivery, see "Amazon SNS message delivery retries").
"""

from __future__ import annotations

import asyncio
import http.client
import logging
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from owari.effects import Http
from owari.errors import ServiceError

log = logging.getLogger("owari.outbound")

ANSWER_MAX_BYTES = 256 * 1024
THREADS = 16

Done = Callable[[dict[str, Any] | None, ServiceError | None], None]


class Deliverer:
    """Delivers for the engine: `done` is called once, on the event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "owari-http")

    def deliver(self, effect: Http, done: Done) -> None:
        """`done` gets {"status", "headers", "body"}, or why there was no answer."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, send, effect)
        future.add_done_callback(lambda ended: _report(ended, done))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _report(ended: asyncio.Future[dict[str, Any]], done: Done) -> None:
    if ended.cancelled():
        return
    error = ended.exception()
    if error is None:
        done(ended.result(), None)
        return
    if not isinstance(error, OSError | ValueError | http.client.HTTPException):
        log.error("a delivery failed", exc_info=error)
    name = "Timeout" if isinstance(error, TimeoutError) else "ConnectionError"
    done(None, ServiceError(name, str(error) or type(error).__name__, status=503))


def send(effect: Http) -> dict[str, Any]:
    """Blocks at most about `effect.timeout_s`. Raises OSError (TimeoutError included),
    ValueError for a URL we cannot call, http.client.HTTPException for an answer that is none.
    """
    until = time.monotonic() + effect.timeout_s
    target = urlsplit(effect.url)
    if target.scheme not in ("http", "https") or not target.hostname:
        raise ValueError(f"not an http or https URL: {effect.url}")
    connection = _connect(target.scheme, target.hostname, target.port, effect.timeout_s)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    try:
        connection.request(effect.method, path, effect.body, effect.headers)
        answer = connection.getresponse()
        body = _read(answer, connection.sock, until)
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return {"status": answer.status, "headers": headers, "body": body}
    finally:
        connection.close()


def _connect(
    scheme: str, host: str, port: int | None, timeout_s: float
) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=timeout_s)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)


def _read(
    answer: http.client.HTTPResponse, connection: socket.socket | None, until: float
) -> bytes:
    """The body, its first ANSWER_MAX_BYTES; a server that drips is cut off in time."""
    body = b""
    while len(body) < ANSWER_MAX_BYTES:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        if connection is not None:
            connection.settimeout(left)
        piece = answer.read1(min(65536, ANSWER_MAX_BYTES - len(body)))
        if not piece:
            break
        body += piece
    return body
