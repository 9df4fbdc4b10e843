"""A host of one bucket in memory, behind the real wire: what HTTP tests need of a host."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from owari.config import Config
from owari.credentials import Issuer
from owari.errors import ServiceError
from owari.http.application import Api
from owari.http.binding import bind
from owari.http.gate import Gate
from owari.http.listener import Listener
from owari.http.spool import Store
from owari.store.blobs import BlobStore
from owari.wire.exchange import WireSettings
from owari.wire.message import ApiCall, Body, Segment, Upload
from tests.support.server import PATIENCE_S

AUTHORIZATION = (
    "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request,"
    " SignedHeaders=host, Signature=00\r\n"
)


class FakeHost:
    """PutObject keeps the Upload, GetObject gives it back, `before` runs ahead of each call."""

    def __init__(self, blobs: BlobStore) -> None:
        self.blobs = blobs
        self.objects: dict[str, Upload] = {}
        self.calls: list[ApiCall] = []
        self.before: Callable[[ApiCall], Any] | None = None

    async def execute(self, call: ApiCall) -> dict[str, Any] | None:
        self.calls.append(call)
        if self.before is not None:
            await self.before(call)
        match call.operation:
            case "PutObject":
                self.objects[call.params["Key"]] = call.params["Body"]
                return {"ETag": f'"{call.params["Body"].md5.hex()}"'}
            case "GetObject" | "HeadObject":
                return self._get(call)
            case "GetCallerIdentity":
                return {"Account": call.identity.account, "UserId": "me", "Arn": "arn:aws:me"}
            case _:
                return {}

    def _get(self, call: ApiCall) -> dict[str, Any]:
        upload = self.objects.get(call.params["Key"])
        if upload is None:
            raise ServiceError("NoSuchKey", "The specified key does not exist.", status=404)
        found: dict[str, Any] = {"ContentLength": upload.size, "ETag": f'"{upload.md5.hex()}"'}
        if call.operation == "GetObject":
            found["Body"] = self._body(upload)
        return found

    def _body(self, upload: Upload) -> Body:
        if upload.blob is None:
            return Body.of(upload.data or b"")
        path = str(self.blobs.path(upload.blob))
        half = upload.size // 2
        return Body(
            (
                Segment(path=path, offset=0, length=half),
                Segment(path=path, offset=half, length=upload.size - half),
            )
        )


class FakeServer:
    """The real listener on a free port, on a loop of its own thread."""

    def __init__(self, folder: Path, gate: Gate | None = None, **bounds: Any) -> None:
        self.config = Config(data=folder, port=0, **bounds)
        self.blobs = BlobStore(self.config.blobs)
        self.host = FakeHost(self.blobs)
        self.threads = ThreadPoolExecutor(4)
        self.gate = gate or Gate(frozenset({"localhost"}), (".localhost",), None)
        self.api = Api(
            self.host,
            self.gate,
            WireSettings(lambda *_: True, lambda _key: None, Issuer(b"secret"), lambda: 0.0),
            Store(self.blobs, self.threads, self.config.inline_body_max_bytes, 1 << 40),
            self.config.buffered_body_max_bytes,
            {"/_owari/health": lambda: {"status": "ok"}},
        )
        self.listener = Listener(self.config, self.api)
        self.loop = asyncio.new_event_loop()
        self.socket = bind("127.0.0.1", 0)
        self.port: int = self.socket.getsockname()[1]

    def run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.listener.start(self.socket))
        self.loop.call_soon(ready.set)
        self.loop.run_forever()
        self.loop.run_until_complete(self.listener.stop(0.2))
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def temporary(self) -> list[Path]:
        return list(self.blobs.folder.glob("tmp-*"))

    def stored(self) -> list[Path]:
        return list(self.blobs.folder.glob("??/*"))


@contextmanager
def serving(folder: Path, gate: Gate | None = None, **bounds: Any) -> Iterator[FakeServer]:
    server = FakeServer(folder, gate, **bounds)
    ready = threading.Event()
    thread = threading.Thread(target=server.run, args=(ready,))
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield server
    finally:
        server.loop.call_soon_threadsafe(server.loop.stop)
        thread.join(PATIENCE_S)
        server.threads.shutdown()
        assert not thread.is_alive()


def request(method: str, path: str, *headers: str, body: bytes = b"", length: bool = True) -> bytes:
    lines = [f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{AUTHORIZATION}"]
    lines += [f"{header}\r\n" for header in headers]
    if body and length:
        lines.append(f"Content-Length: {len(body)}\r\n")
    return "".join(lines).encode("latin-1") + b"\r\n" + body


class Answers:
    """Reads answers one after another from a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.buffer = b""

    def _more(self) -> None:
        data = self.connection.recv(1 << 20)
        if not data:
            raise EOFError(self.buffer)
        self.buffer += data

    def head(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines)
        return int(start.split()[1]), {k.lower(): v for k, v in fields.items()}

    def read(self, *, head_only: bool = False) -> tuple[int, dict[str, str], bytes]:
        status, headers = self.head()
        if head_only or status in (100, 204, 304):
            return status, headers, b""
        size = int(headers["content-length"])
        while len(self.buffer) < size:
            self._more()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return status, headers, body

    def closed(self) -> bool:
        """The server has closed, and said nothing more."""
        try:
            self._more()
        except (EOFError, ConnectionError):
            return True
        return False
