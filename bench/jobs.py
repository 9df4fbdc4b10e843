"""Batch: no-op children of one array against raw processes, and one job from end to end."""

from __future__ import annotations

import os
import time
from typing import Any

from bench.places import define, make_queue
from bench.report import Figure, at_least, at_most
from bench.setting import Setting, median

CHILDREN = 10_000
RAW = 4_000


def _run(client: Any, pause_s: float, **more: Any) -> float:
    began = time.perf_counter()
    job = client.submit_job(jobName="j", jobQueue="bench", jobDefinition="true", **more)["jobId"]
    while True:
        found = client.describe_jobs(jobs=[job])["jobs"][0]
        if found["status"] in ("SUCCEEDED", "FAILED"):
            assert found["status"] == "SUCCEEDED", found
            return time.perf_counter() - began
        time.sleep(pause_s)


def _raw_rate() -> float:
    """`true` by posix_spawn, two at a time, as fast as this machine starts processes."""
    began = time.perf_counter()
    running: list[int] = []
    for _ in range(RAW):
        if len(running) == 2:
            os.waitpid(running.pop(0), 0)
        running.append(os.posix_spawn("/bin/true", ["true"], {}))
    for pid in running:
        os.waitpid(pid, 0)
    return RAW / (time.perf_counter() - began)


def jobs(s: Setting) -> list[Figure]:
    client = s.client("batch")
    make_queue(client, "bench")
    define(client, "true", "true")
    one = median([_run(client, 0.001) for _ in range(30)])
    before = _raw_rate()
    taken = _run(client, 0.1, arrayProperties={"size": CHILDREN})
    raw = (before + _raw_rate()) / 2  # the machine may have had other work: both are told
    rate = CHILDREN / taken
    return [
        at_most("one job, submit to SUCCEEDED, p50", one * 1e3, 30, "ms"),
        at_least(
            f"array of {CHILDREN:,} x true",
            rate,
            0.6 * raw,
            "children per s",
            f"{raw:,.0f} raw processes per s ({rate / raw:.0%})",
        ),
    ]
