"""What the functions' logs tell: how far each is, what it took, what went wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from owari.demo.stack import STARTER, WORKERS

_REPORT = re.compile(r"^REPORT RequestId: \S+\s+Duration: ([\d.]+) ms")
_INIT = re.compile(r"Init Duration: ([\d.]+) ms")
_TROUBLE = re.compile(r"\[ERROR\]|.*Task timed out|.*Runtime exited|REPORT .*Status: (?!success)")


@dataclass(slots=True)
class Run:
    """One function's invocation, as far as its log says."""

    started: bool = False
    done_s: float = 0.0  # seconds of video encoded
    duration_ms: float | None = None  # from the REPORT line: it has ended
    init_ms: float | None = None  # None: the environment was warm
    failed: bool = False
    lines: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.duration_ms is not None

    def read(self, message: str) -> None:
        """Take in one log event."""
        line = message.strip()
        self.failed = self.failed or _TROUBLE.match(line) is not None
        if line.startswith("START "):
            self.started = True
        elif report := _REPORT.match(line):
            self.duration_ms = float(report[1])
            init = _INIT.search(line)
            self.init_ms = float(init[1]) if init else None
        elif line.startswith("{") and (seconds := _seconds(line)) is not None:
            self.done_s = max(self.done_s, seconds)
        elif line and not line.startswith("END "):
            self.lines.append(line)


def _seconds(line: str) -> float | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    seconds = found.get("seconds") if isinstance(found, dict) else None
    return float(seconds) if isinstance(seconds, int | float) else None


class Watch:
    """Follows the five log groups."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.logs = client("logs")
        self.runs = {name: Run() for name in (STARTER, *(w.function for w in WORKERS))}
        self._seen: set[str] = set()
        self._since: dict[str, int] = {}

    def look(self) -> None:
        """Read what the functions have logged since the last look."""
        for name, run in self.runs.items():
            if not run.ended:
                for message in self._new(name):
                    run.read(message)

    def _new(self, name: str) -> Iterable[str]:
        group = f"/aws/lambda/{name}"
        pages = self.logs.get_paginator("filter_log_events")
        try:
            for page in pages.paginate(logGroupName=group, startTime=self._since.get(name, 0)):
                for event in page["events"]:
                    if event["eventId"] not in self._seen:
                        self._seen.add(event["eventId"])
                        # lines of one invocation may arrive a little out of order
                        self._since[name] = max(
                            self._since.get(name, 0), event["timestamp"] - 5_000
                        )
                        yield event["message"]
        except self.logs.exceptions.ResourceNotFoundException:
            return  # it has not run yet
