"""Batch with a million children that wait: what they cost, and whether they slow anything."""

from __future__ import annotations

import json
import time
from typing import Any

from bench.footprint import pss_mib
from bench.places import define, make_queue
from bench.report import Figure, at_most
from bench.setting import Setting, median, samples

ARRAY = 10_000
ARRAYS = 100


def _set_up(client: Any) -> str:
    """A queue whose only place is taken; returns the job that has it."""
    make_queue(client, "full")
    define(client, "waiting", "sleep", "3600", vcpus=1_000)
    taken: str = _submit(client)
    while client.describe_jobs(jobs=[taken])["jobs"][0]["status"] != "RUNNING":
        time.sleep(0.05)
    return taken


def _submit(client: Any, **more: Any) -> str:
    made = client.submit_job(jobName="w", jobQueue="full", jobDefinition="waiting", **more)
    return str(made["jobId"])


def _milliseconds(client: Any) -> tuple[float, float]:
    """Of a submit of an array, and of a look at it: medians."""
    ids: list[str] = []

    def submit() -> None:
        ids.append(_submit(client, arrayProperties={"size": 2}))

    submitting = median(samples(60, submit, warm=5))
    looking = median(samples(60, lambda: client.describe_jobs(jobs=[ids[-1]]), warm=5))
    for id in ids:
        client.terminate_job(jobId=id, reason="measured")
    return submitting * 1e3, looking * 1e3


def waiting(s: Setting) -> list[Figure]:
    client = s.client("batch")
    taken = _set_up(client)
    arrays = [_submit(client, arrayProperties={"size": 1_000})]
    few = _milliseconds(client)
    arrays += [_submit(client, arrayProperties={"size": ARRAY}) for _ in range(ARRAYS)]
    many = _milliseconds(client)
    memory = pss_mib(json.loads((s.data / "server.json").read_text())["pid"])
    for id in (*arrays, taken):
        client.terminate_job(jobId=id, reason="measured")
    return [
        at_most("server, 1,001,000 children waiting, PSS", memory, 300, "MiB"),
        *(
            at_most(f"{what}, 1,001,000 waiting, p50", after, 1.5 * before, "ms", _few(before))
            for what, before, after in zip(("submit", "describe"), few, many, strict=True)
        ),
    ]


def _few(before: float) -> str:
    return f"{before:.2f} ms with 1,000 waiting"
