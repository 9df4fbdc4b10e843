"""Deliveries to someone outside, against a real server on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from owari.effects import Http
from owari.errors import ServiceError
from owari.outbound import ANSWER_MAX_BYTES, Deliverer, send


class Receiver(BaseHTTPRequestHandler):
    received: list[tuple[str, str, bytes]]
    stop: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.path, self.headers["X-Kind"], body))
        match self.path:
            case "/moved":
                self.send_response(302)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/large":
                self.answer(b"x" * (ANSWER_MAX_BYTES * 2))
            case "/silent":
                self.stop.wait(60)
            case _:
                self.answer(b"thanks")

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    Receiver.received = []
    Receiver.stop = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Receiver.stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


def post(url: str, timeout_s: float = 60.0) -> Http:
    return Http("POST", url, {"X-Kind": "Notification"}, b"hello", timeout_s)


def test_a_delivery(url: str) -> None:
    answer = send(post(f"{url}/hook?a=b"))
    assert (answer["status"], answer["body"]) == (200, b"thanks")
    assert answer["headers"]["content-length"] == "6"
    assert Receiver.received == [("/hook?a=b", "Notification", b"hello")]


def test_redirects_are_not_followed(url: str) -> None:
    assert send(post(f"{url}/moved"))["status"] == 302
    assert [path for path, _, _ in Receiver.received] == ["/moved"]


def test_the_answer_is_bounded(url: str) -> None:
    assert len(send(post(f"{url}/large"))["body"]) == ANSWER_MAX_BYTES


def test_a_silent_receiver_times_out(url: str) -> None:
    with pytest.raises(TimeoutError):
        send(post(f"{url}/silent", timeout_s=0.05))


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        send(post(f"http://127.0.0.1:{port}/"))
    with pytest.raises(ValueError, match="not an http"):
        send(post("file:///etc/passwd"))


def test_the_engine_is_told(url: str) -> None:
    async def deliver(
        target: str, timeout_s: float = 60.0
    ) -> tuple[dict[str, Any] | None, ServiceError | None]:
        told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        deliverer = Deliverer()
        deliverer.deliver(post(target, timeout_s), lambda *what: told.set_result(what))
        try:
            return await told
        finally:
            deliverer.close()

    result, error = asyncio.run(deliver(f"{url}/hook"))
    assert result is not None and result["status"] == 200 and error is None
    result, error = asyncio.run(deliver(f"{url}/silent", 0.05))
    assert result is None and error is not None and error.code == "Timeout"
    result, error = asyncio.run(deliver("http://127.0.0.1:1/"))
    assert result is None and error is not None and error.code == "ConnectionError"
