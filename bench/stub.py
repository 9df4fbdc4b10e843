"""The floor: a server that does nothing, so that what is measured is boto3 itself.

It answers every request at once with what the SDK needs to be content (ten messages to who
receives some), discards bodies, and sends the big object with sendfile, with the checksum the
SDK asks for (and then verifies, which is part of its floor). Run as `python -m bench.stub FILE`;
prints its port.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import zlib
from pathlib import Path
from typing import BinaryIO

SMALL = b"x" * 1024
MESSAGES = json.dumps(
    {
        "Messages": [
            {
                "MessageId": "00000000-0000-4000-8000-000000000000",
                "ReceiptHandle": "x" * 72,
                "MD5OfBody": "0" * 32,
                "Body": "x" * 200,
            }
        ]
        * 10
    }
).encode()


class Stub(asyncio.Protocol):
    big: BinaryIO
    size = 0
    checksum = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""
        self.left = 0
        self.request = b""

    def data_received(self, data: bytes) -> None:
        while data:
            if self.left:
                taken = min(self.left, len(data))
                self.left -= taken
                data = data[taken:]
                if self.left:
                    return
                self.answer()
                continue
            head, separator, rest = (self.buffer + data).partition(b"\r\n\r\n")
            if not separator:
                self.buffer = head
                return
            self.buffer, data, self.request = b"", rest, head
            lower = head.lower()
            at = lower.find(b"content-length: ")
            self.left = int(lower[at + 16 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if b"expect: 100-continue" in lower:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if not self.left:
                self.answer()

    def answer(self) -> None:
        method, path, _ = self.request.split(b" ", 2)
        if method == b"GET" and path.endswith(b"/big"):
            self.transport.pause_reading()
            self.head(self.size, more=self.checksum)
            self.task = asyncio.ensure_future(self.send_big())
            return
        if b"AmazonSQS.ReceiveMessage" in self.request:
            self.head(len(MESSAGES), MESSAGES)
            return
        body = SMALL if method == b"GET" else b"" if method == b"PUT" else b"{}"
        self.head(len(body), body)

    def head(self, length: int, body: bytes = b"", more: bytes = b"") -> None:
        self.transport.write(
            b'HTTP/1.1 200 OK\r\nETag: "0"\r\nContent-Length: %d\r\n%b\r\n%b' % (length, more, body)
        )

    async def send_big(self) -> None:
        await asyncio.get_running_loop().sendfile(self.transport, self.big)
        self.transport.resume_reading()


async def main(path: Path) -> None:
    with path.open("rb") as file:
        Stub.big, Stub.size = file, path.stat().st_size
        crc = base64.b64encode(zlib.crc32(path.read_bytes()).to_bytes(4, "big"))
        Stub.checksum = b"x-amz-checksum-crc32: %b\r\n" % crc
        server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
