"""Large bodies: constant memory, no file left by a client that goes away, no false success."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import socket
import subprocess
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from owari.http import spool
from tests.server.fake import Answers, FakeServer, request, serving
from tests.support.server import PATIENCE_S, eventually

MIB = 1024 * 1024


def put(client: socket.socket, key: str, body: bytes, *headers: str) -> tuple[int, bytes]:
    none = () if body else ("Content-Length: 0",)
    client.sendall(request("PUT", f"/bucket/{key}", *headers, *none, body=body))
    status, _, answer = Answers(client).read()
    return status, answer


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3 * MIB + 1])
def test_what_goes_in_comes_out(tmp_path: Path, size: int) -> None:
    body = os.urandom(size)
    with serving(tmp_path) as server, server.connect() as client:
        assert put(client, "k", body)[0] == 200
        upload = server.host.objects["k"]
        assert (upload.size, upload.md5) == (size, hashlib.md5(body).digest())
        assert (upload.blob is None) == (size <= 65_536)
        # Two at once: what follows a body is not taken for it, nor what precedes it.
        client.sendall(request("GET", "/bucket/k") * 2)
        answers = Answers(client)
        assert answers.read()[2] == body
        assert answers.read()[2] == body
        assert server.temporary() == []


def test_a_request_may_follow_a_large_body_at_once(tmp_path: Path) -> None:
    body = os.urandom(2 * MIB)
    with serving(tmp_path) as server, server.connect() as client:
        client.sendall(request("PUT", "/bucket/k", body=body) + request("GET", "/bucket/k"))
        answers = Answers(client)
        assert answers.read()[0] == 200
        assert answers.read()[2] == body


def aws_chunked(body: bytes, crc: int, size: int = 65_536) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    checksum = b64encode(crc.to_bytes(4, "big"))
    return chunks + b"0\r\nx-amz-checksum-crc32:" + checksum + b"\r\n\r\n"


@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_aws_chunked_with_a_trailing_checksum(tmp_path: Path, size: int) -> None:
    body = os.urandom(size)
    headers = (
        "Content-Encoding: aws-chunked",
        "X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X-Amz-Trailer: x-amz-checksum-crc32",
        f"X-Amz-Decoded-Content-Length: {size}",
    )
    with serving(tmp_path) as server, server.connect() as client:
        assert put(client, "good", aws_chunked(body, zlib.crc32(body)), *headers)[0] == 200
        upload = server.host.objects["good"]
        assert upload.size == size
        assert upload.checksums["crc32"] == zlib.crc32(body).to_bytes(4, "big")
        status, answer = put(client, "bad", aws_chunked(body, zlib.crc32(body) ^ 1), *headers)
        assert (status, b"BadDigest" in answer) == (400, True)
        status, answer = put(client, "cut", aws_chunked(body, 0)[:-30], *headers)
        assert (status, b"IncompleteBody" in answer) == (400, True)
        assert list(server.host.objects) == ["good"]
        # What a refused operation did not keep is not kept.
        eventually(lambda: len(server.stored()) == (size > MIB) and server.temporary() == [])


def test_a_client_that_goes_away_leaves_no_file(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        with server.connect() as client:
            head = request("PUT", "/bucket/k", f"Content-Length: {8 * MIB}")
            client.sendall(head + b"x" * (2 * MIB))
            eventually(lambda: len(server.temporary()) == 1)
        eventually(lambda: server.temporary() == [])
        assert server.host.calls == []


def test_a_full_disk_is_an_error_to_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int, _data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with serving(tmp_path) as server, server.connect() as client:
        with monkeypatch.context() as patch:
            patch.setattr(spool.os, "write", full)
            status, answer = put(client, "k", b"x" * (20 * MIB))
        assert status == 500
        assert b"<Code>InternalError</Code>" in answer
        assert b"No space left" in answer
        assert server.host.calls == []
        assert server.temporary() == []
        assert put(client, "k", b"x" * MIB)[0] == 200


def test_bodies_leave_room_for_other_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path) as server, server.connect() as client:
        monkeypatch.setattr(server.blobs, "room", lambda _reserve: 100)
        for size, status in ((100, 200), (101, 500), (MIB, 500), (1, 200)):
            got, answer = put(client, "k", b"x" * size)
            assert got == status
            assert (b"No space left" in answer) == (status == 500)
        assert len(server.host.calls) == 2


def test_an_upload_says_how_long_it_is(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.connect() as client:
        client.sendall(request("PUT", "/bucket/k"))
        status, _, answer = Answers(client).read()
        assert (status, b"<Code>MissingContentLength</Code>" in answer) == (411, True)
        client.sendall(request("PUT", "/bucket/k", "Content-Length: 0"))
        assert Answers(client).read()[0] == 200


def test_a_failing_fsync_is_an_error_to_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with serving(tmp_path) as server, server.connect() as client:
        monkeypatch.setattr(spool.os, "fsync", broken)
        assert put(client, "k", b"x" * MIB)[0] == 500
        assert server.host.calls == []
        assert server.temporary() == []


def test_a_vanished_file_is_an_error_not_a_short_answer(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.connect() as client:
        put(client, "k", b"x" * MIB)
        [file] = server.stored()
        file.unlink()
        client.sendall(request("GET", "/bucket/k"))
        assert Answers(client).read()[0] == 500


@pytest.mark.parametrize("left", [0, 100_000, MIB - 1])
def test_a_file_shorter_than_recorded_cuts_the_connection(tmp_path: Path, left: int) -> None:
    with serving(tmp_path) as server, server.connect() as client:
        put(client, "k", b"x" * MIB)
        [file] = server.stored()
        os.truncate(file, left)
        client.sendall(request("GET", "/bucket/k"))
        with pytest.raises((EOFError, ConnectionError)):
            Answers(client).read()


def test_a_client_that_does_not_read_holds_up_nobody(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.connect() as lazy, server.connect() as eager:
        put(eager, "k", b"x" * (16 * MIB))
        lazy.sendall(request("GET", "/bucket/k") * 20)
        eager.sendall(request("GET", "/bucket/k"))
        assert len(Answers(eager).read()[2]) == 16 * MIB


CONSTANT = """
import pathlib, resource, socket, sys
from tests.server.fake import Answers, request, serving
MIB = 1 << 20
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with serving(pathlib.Path(sys.argv[1])) as server:
    piece = bytes(MIB)
    def move(size):
        with server.connect() as client:
            client.sendall(request("PUT", "/bucket/k", f"Content-Length: {size * MIB}"))
            for _ in range(size):
                client.sendall(piece)
            answers = Answers(client)
            assert answers.read()[0] == 200
            client.sendall(request("GET", "/bucket/k"))
            status, headers = answers.head()
            left = int(headers["content-length"]) - len(answers.buffer)
            assert status == 200
            while left:
                left -= len(client.recv(min(left, MIB)))
    move(32)
    before = peak()
    move(256)
    print(peak() - before)
"""


def test_memory_does_not_grow_with_the_body(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONSTANT, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 32 * 1024  # KiB; the body had 256 MiB


def test_many_uploads_at_once(tmp_path: Path) -> None:
    """More uploads than worker threads, all unfinished at the same time."""
    bodies = {f"k{n}": os.urandom(MIB + n) for n in range(24)}
    with serving(tmp_path) as server:
        clients = {key: server.connect() for key in bodies}
        for half in (0, 1):
            for key, client in clients.items():
                raw = request("PUT", f"/bucket/{key}", body=bodies[key])
                client.sendall(raw[: len(raw) // 2] if half == 0 else raw[len(raw) // 2 :])
        for key, client in clients.items():
            assert Answers(client).read()[0] == 200
            assert server.host.objects[key].md5 == hashlib.md5(bodies[key]).digest()
            client.close()


def test_stopping_lets_an_answer_under_way_finish(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.connect() as client:
        client.sendall(request("PUT", "/bucket/k", "Content-Length: 5"))
        eventually(lambda: _reading(server))
        stopped = threadsafe_stop(server, PATIENCE_S)
        client.sendall(b"hello")
        status, headers, _ = Answers(client).read()
        assert (status, headers["connection"]) == (200, "close")
        eventually(stopped)


def _reading(server: FakeServer) -> bool:
    return any(c.incoming is not None for c in tuple(server.listener.connections))


def threadsafe_stop(server: FakeServer, grace_s: float) -> Callable[[], bool]:
    future = asyncio.run_coroutine_threadsafe(server.listener.stop(grace_s), server.loop)
    eventually(lambda: server.listener.closing)
    return future.done
