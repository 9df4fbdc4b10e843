"""Invocations: warm and cold through boto3, and as many as a raw client can send."""

from __future__ import annotations

import asyncio
import itertools
import time

from bench.report import Figure, at_least, at_most, ratio
from bench.setting import Setting, median, p99, samples

ECHO = "def handler(event, context):\n    return event\n"
CONNECTIONS = 8


def warm_invoke(s: Setting) -> list[Figure]:
    s.function("echo", ECHO)
    client, floor = s.client("lambda"), s.client("lambda", floor=True)
    bare = samples(400, lambda: floor.invoke(FunctionName="echo", Payload=b"{}"))
    real = samples(400, lambda: client.invoke(FunctionName="echo", Payload=b"{}"))
    return [
        ratio("warm invoke, p50", median(real), median(bare), 2),
        ratio("warm invoke, p99", p99(real), p99(bare), 4),
    ]


def cold_start(s: Setting) -> list[Figure]:
    client = s.client("lambda")
    client.list_functions()
    taken = []
    for number in range(20):
        s.function(f"cold-{number}", ECHO + f"# {number}\n")
        began = time.perf_counter()
        client.invoke(FunctionName=f"cold-{number}", Payload=b"{}")
        taken.append(time.perf_counter() - began)
    return [at_most("cold start of a new function, p50", median(taken) * 1e3, 25, "ms")]


def throughput(s: Setting) -> list[Figure]:
    rate = asyncio.run(_flood(s.owari, "/2015-03-31/functions/echo/invocations", 6_000))
    floor = asyncio.run(_flood(s.stub, "/2015-03-31/functions/echo/invocations", 6_000))
    return [
        at_least(
            f"warm invocations, raw HTTP, {CONNECTIONS} connections",
            rate,
            3_000,
            "per s",
            f"{floor:,.0f} per s from a server that does nothing",
        )
    ]


async def _flood(endpoint: str, path: str, count: int) -> float:
    host, port = endpoint.removeprefix("http://").split(":")
    request = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 2\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20300101/us-east-1/lambda/aws4_request,"
        " SignedHeaders=host, Signature=0\r\n\r\n{}"
    ).encode()
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
