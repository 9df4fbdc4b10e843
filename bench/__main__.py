"""`make bench` (all), `make bench ARGS=functions` (one group). Exit status 1 when a goal is
missed."""

from __future__ import annotations

import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench import (
    events,
    footprint,
    functions,
    jobs,
    objects,
    pipeline,
    queues,
    report,
    runtimes,
    waiting,
    workflows,
)
from bench.setting import Setting, setting

GROUPS: dict[str, list[Callable[[Setting], list[report.Figure]]]] = {
    "footprint": [footprint.footprint],
    "functions": [functions.warm_invoke, functions.cold_start, functions.throughput],
    "runtimes": [runtimes.node, runtimes.provided],
    "objects": [objects.small, objects.big],
    "pipeline": [pipeline.one_file, pipeline.burst],
    "queues": [queues.send, queues.drain, queues.through_a_function],
    "events": [events.matching, events.put],
    "workflows": [
        workflows.transitions,
        workflows.inline_map,
        workflows.distributed_map,
        workflows.starts,
        workflows.tasks,
    ],
    "jobs": [jobs.jobs, waiting.waiting],
}
ASKED_FOR = {"scale": [workflows.scale]}  # minutes: only when named


def main() -> int:
    chosen = sys.argv[1:] or list(GROUPS)
    figures: list[report.Figure] = []
    with tempfile.TemporaryDirectory() as folder, setting(Path(folder)) as s:
        time.sleep(3)  # the zygote imports the SDK meanwhile: idle is measured after that
        for group in chosen:
            for measure in (GROUPS | ASKED_FOR)[group]:
                figures += measure(s)
        with urllib.request.urlopen(f"{s.owari}/_owari/status") as answer:
            status = json.load(answer)
    report.show(figures)
    print("isolation tier:", status.get("isolation"))
    return 0 if all(f.met for f in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
