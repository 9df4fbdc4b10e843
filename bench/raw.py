"""A client that costs next to nothing: keep-alive connections that repeat one request."""

from __future__ import annotations

import asyncio
import itertools
import time

CONNECTIONS = 8


def flood(
    endpoint: str, service: str, path: str, body: bytes, count: int, headers: str = ""
) -> float:
    """Answers per second to `count` POSTs; every answer must be a 200."""
    return asyncio.run(_flood(endpoint, service, path, body, count, headers))


async def _flood(
    endpoint: str, service: str, path: str, body: bytes, count: int, headers: str
) -> float:
    host, port = endpoint.removeprefix("http://").split(":")
    request = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n{headers}"
        f"Authorization: AWS4-HMAC-SHA256 Credential=test/20300101/us-east-1/{service}/"
        "aws4_request, SignedHeaders=host, Signature=0\r\n\r\n"
    ).encode() + body
    left = itertools.count()

    async def one() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        while next(left) < count:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            at = head.lower().index(b"content-length: ")
            await reader.readexactly(int(head[at + 16 :].split(b"\r\n", 1)[0]))
        writer.close()
        await writer.wait_closed()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return count / (time.perf_counter() - began)
