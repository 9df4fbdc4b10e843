"""HTTP as bytes on a socket: order, framing, bounds, ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from owari.http import connection as http_connection
from owari.http.head import answer_head, split_target
from tests.server.fake import AUTHORIZATION, Answers, FakeServer, request, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeServer]:
    with serving(tmp_path) as made:
        yield made


@pytest.fixture
def client(server: FakeServer) -> Iterator[socket.socket]:
    with server.connect() as made:
        yield made


def test_a_connection_serves_many_requests(client: socket.socket) -> None:
    answers = Answers(client)
    for number in range(3):
        body = b"%d" % number
        client.sendall(request("PUT", f"/bucket/{number}", body=body))
        assert answers.read()[0] == 200
        client.sendall(request("GET", f"/bucket/{number}"))
        assert answers.read()[2] == body


def test_pipelined_requests_are_answered_in_order(
    server: FakeServer, client: socket.socket
) -> None:
    async def slow_at_first(call: object) -> None:
        await asyncio.sleep(0.05 if len(server.host.calls) == 1 else 0)

    server.host.before = slow_at_first
    count = 3 * http_connection.PIPELINE_MAX
    puts = [request("PUT", f"/bucket/{n}", body=b"body %d" % n) for n in range(count)]
    gets = [request("GET", f"/bucket/{n}") for n in range(count)]
    client.sendall(b"".join(puts + gets))
    answers = Answers(client)
    assert [answers.read()[0] for _ in puts] == [200] * count
    assert [answers.read()[2] for _ in gets] == [b"body %d" % n for n in range(count)]


def test_bytes_may_come_one_at_a_time(client: socket.socket) -> None:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answers = Answers(client)
    for byte in request("PUT", "/bucket/slow", body=b"hello"):
        client.sendall(bytes([byte]))
    assert answers.read()[0] == 200
    client.sendall(request("GET", "/bucket/slow"))
    assert answers.read()[2] == b"hello"


def test_expect_continue_is_answered_before_the_body_is_sent(client: socket.socket) -> None:
    answers = Answers(client)
    client.sendall(request("PUT", "/bucket/k", "Expect: 100-continue", "Content-Length: 5"))
    assert answers.read()[0] == 100
    client.sendall(b"hello")
    assert answers.read()[0] == 200


def test_a_refused_expect_gets_its_answer_instead_and_no_body(client: socket.socket) -> None:
    answers = Answers(client)
    raw = request("PUT", "/bucket/k", "Expect: 100-continue", "Content-Length: 5")
    client.sendall(raw.replace(b"Host: localhost", b"Host: evil.example"))
    status, headers, _ = answers.read()
    assert (status, headers["connection"]) == (403, "close")
    assert answers.closed()


def test_a_refused_body_is_thrown_away_and_the_connection_goes_on(client: socket.socket) -> None:
    answers = Answers(client)
    body = b"x" * 300_000
    client.sendall(
        request("PUT", "/bucket/k", body=body).replace(b"Host: localhost", b"Host: evil.example")
    )
    assert answers.read()[0] == 403
    client.sendall(request("GET", "/_owari/health"))
    assert answers.read()[0] == 200


def test_a_huge_refused_body_ends_the_connection(
    client: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_connection, "LINGER_S", 60.0)
    size = 2 * http_connection.DISCARD_MAX_BYTES
    head = request("PUT", "/bucket/k", f"Content-Length: {size}")
    client.sendall(head.replace(b"Host: localhost", b"Host: evil.example"))
    for _ in range(size // 65_536):  # read on for a moment: a reset would lose the answer
        client.sendall(b"x" * 65_536)
    answers = Answers(client)
    status, headers, _ = answers.read()
    assert (status, headers["connection"]) == (403, "close")
    assert answers.closed()


def test_chunked_bodies(client: socket.socket) -> None:
    answers = Answers(client)
    head = request("PUT", "/bucket/chunked", "Transfer-Encoding: chunked")
    client.sendall(head + b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n")
    assert answers.read()[0] == 200
    client.sendall(request("GET", "/bucket/chunked"))
    assert answers.read()[2] == b"hello world"


def test_head_tells_the_length_and_sends_no_body(client: socket.socket) -> None:
    answers = Answers(client)
    client.sendall(request("PUT", "/bucket/k", body=b"hello"))
    answers.read()
    client.sendall(request("HEAD", "/bucket/k") + request("GET", "/bucket/k"))
    assert answers.read(head_only=True)[1]["content-length"] == "5"
    assert answers.read()[2] == b"hello"
    client.sendall(request("HEAD", "/bucket/none") + request("GET", "/bucket/k"))
    assert answers.read(head_only=True)[0] == 404
    assert answers.read()[2] == b"hello"


def test_connection_close_is_obeyed(client: socket.socket) -> None:
    answers = Answers(client)
    client.sendall(request("GET", "/_owari/health", "Connection: close"))
    assert answers.read()[1]["connection"] == "close"
    assert answers.closed()


def test_http_1_0(server: FakeServer) -> None:
    for extra, kept in (("", False), ("Connection: keep-alive\r\n", True)):
        with server.connect() as client:
            answers = Answers(client)
            client.sendall(f"GET /_owari/health HTTP/1.0\r\n{extra}\r\n".encode())
            status, headers, _ = answers.read()
            assert status == 200
            assert (headers["connection"] == "keep-alive") is kept
            assert kept or answers.closed()


def test_a_client_that_closed_its_sending_side_gets_its_answers(
    client: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_connection, "HALF_CLOSED_S", 60.0)
    client.sendall(request("PUT", "/bucket/k", body=b"hello") + request("GET", "/bucket/k"))
    client.shutdown(socket.SHUT_WR)
    answers = Answers(client)
    assert answers.read()[0] == 200
    assert answers.read()[2] == b"hello"
    assert answers.closed()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400),
        (b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n", 431),
        (
            b"POST / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\n",
            400,
        ),
    ],
)
def test_what_is_not_a_request_is_refused_and_closed(
    client: socket.socket, raw: bytes, status: int
) -> None:
    client.sendall(raw)
    answers = Answers(client)
    assert answers.read()[0] == status
    assert answers.closed()


def test_a_long_head_may_come_in_pieces_but_not_for_ever(client: socket.socket) -> None:
    client.sendall(b"GET / HTTP/1.1\r\nA: ")
    try:
        for _ in range(100):
            client.sendall(b"a" * 1_000)
    except ConnectionError:
        pass
    assert Answers(client).read()[0] == 431


def test_an_upgrade_is_not_taken_up(client: socket.socket) -> None:
    answers = Answers(client)
    client.sendall(
        request("GET", "/_owari/health", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")
    )
    assert answers.read()[0] == 200
    assert answers.closed()


def test_a_buffered_body_is_bounded(tmp_path: Path) -> None:
    with serving(tmp_path, buffered_body_max_bytes=1000) as server, server.connect() as client:
        answers = Answers(client)
        target = AUTHORIZATION.replace("/s3/", "/lambda/")
        head = f"POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: localhost\r\n{target}"
        client.sendall(f"{head}Content-Length: 2000\r\n\r\n".encode() + b"x" * 2000)
        assert answers.read()[0] == 413
        chunk = b"7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n"
        client.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk)
        assert answers.read()[0] == 413
        client.sendall(f"{head}Content-Length: 2\r\n\r\n{{}}".encode())
        assert answers.read()[0] == 200
        assert [call.operation for call in server.host.calls] == ["Invoke"]


def test_a_slow_head_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "HEAD_S", 0.0)
    with serving(tmp_path) as server, server.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        answers = Answers(client)
        assert answers.read()[0] == 408
        assert answers.closed()


def test_a_stalled_body_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "BODY_STALL_S", 0.0)
    with serving(tmp_path) as server, server.connect() as client:
        client.sendall(request("PUT", "/bucket/k", "Content-Length: 100") + b"hel")
        answers = Answers(client)
        assert answers.read()[0] == 408
        assert answers.closed()
        assert server.host.calls == []


def test_an_idle_connection_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "IDLE_S", 0.0)
    with serving(tmp_path) as server, server.connect() as client:
        assert Answers(client).closed()


def test_one_connection_too_many_is_told_so(tmp_path: Path) -> None:
    with serving(tmp_path, connections_max=1) as server, server.connect() as first:
        first.sendall(request("GET", "/_owari/health"))
        assert Answers(first).read()[0] == 200
        with server.connect() as second:
            assert Answers(second).read()[0] == 503
        first.sendall(request("GET", "/_owari/health"))
        assert Answers(first).read()[0] == 200


def test_a_failure_of_ours_is_an_answer_and_the_next_request_is_served(
    server: FakeServer, client: socket.socket
) -> None:
    async def fail(call: object) -> None:
        if len(server.host.calls) == 1:
            raise RuntimeError("a bug")

    server.host.before = fail
    answers = Answers(client)
    client.sendall(request("PUT", "/bucket/k", body=b"1") * 2)
    status, _, body = answers.read()
    assert status == 500
    assert b"InternalError" in body
    assert b"a bug" not in body
    assert answers.read()[0] == 200


def test_a_header_value_cannot_forge_a_header() -> None:
    head = answer_head(200, [("X-Amz-Meta-A", "1\r\nSet-Cookie: a=b"), ("B", "2\n3")], 0, None)
    lines = head.decode().split("\r\n")
    assert "X-Amz-Meta-A: 1  Set-Cookie: a=b" in lines
    assert "B: 2 3" in lines


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a/b?c=d", ("/a/b", "c=d")),
        ("/a%2Fb?x?y", ("/a%2Fb", "x?y")),
        ("http://localhost:4566/a?b", ("/a", "b")),
        ("http://localhost:4566", ("/", "")),
        ("*", ("*", "")),
    ],
)
def test_request_targets(target: str, expected: tuple[str, str]) -> None:
    assert split_target(target) == expected
