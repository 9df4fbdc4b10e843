"""Invocations: warm and cold through boto3, and as many as a raw client can send."""

from __future__ import annotations

import time

from bench.raw import CONNECTIONS, flood
from bench.report import Figure, at_least, at_most, ratio
from bench.setting import Setting, median, p99, samples

ECHO = "def handler(event, context):\n    return event\n"


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
    path = "/2015-03-31/functions/echo/invocations"
    rate = flood(s.owari, "lambda", path, b"{}", 6_000)
    floor = flood(s.stub, "lambda", path, b"{}", 6_000)
    return [
        at_least(
            f"warm invocations, raw HTTP, {CONNECTIONS} connections",
            rate,
            3_000,
            "per s",
            f"{floor:,.0f} per s from a server that does nothing",
        )
    ]
