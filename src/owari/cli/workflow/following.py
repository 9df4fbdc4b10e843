"""Reading an execution while it runs: its events as they come, its Map runs' counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from owari.cli.workflow.history import Progress
from owari.cli.workflow.notes import MapRuns
from owari.cli.workflow.visits import Iterations

POLL_MIN_S, POLL_MAX_S = 0.1, 1.0
PAGE = 1000
AWAY_MAX_S = 60.0  # an Owari that is started again goes on with its executions
AWAY = (ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError)

Show = Callable[[Progress, datetime, MapRuns], None]


class Execution:
    """`progress` is as far as `read` has come."""

    def __init__(self, states: Any, arn: str) -> None:
        self.states = states
        self.arn = arn
        self.progress = Progress()
        self.map_runs: dict[str, Iterations] = {}
        self._page = ""  # the token of the page read last; there may be more on it by now
        self._latest = 0

    def read(self) -> bool:
        """Whether there was anything new. Raises ClientError."""
        news = False
        for event in self._new():
            self.progress.take(event)
            news = True
        return self._count() or news

    def _new(self) -> Iterator[dict[str, Any]]:
        while True:
            more = {"nextToken": self._page} if self._page else {}
            page = self.states.get_execution_history(
                executionArn=self.arn, maxResults=PAGE, includeExecutionData=False, **more
            )
            for event in page["events"]:
                if event["id"] > self._latest:
                    self._latest = event["id"]
                    yield event
            if not page.get("nextToken"):
                return
            self._page = page["nextToken"]

    def _count(self) -> bool:
        """Ask how far the distributed Maps are; whether that has changed."""
        changed = False
        for tally in self.progress.states.values():
            run = tally.map_run
            if not run or (run in self.map_runs and not tally.running and not tally.counting):
                continue
            tally.counting = bool(tally.running)  # once more after its end
            counts = self.states.describe_map_run(mapRunArn=run)["itemCounts"]
            failed = sum(counts[key] for key in ("failed", "timedOut", "aborted"))
            found = Iterations(counts["total"], counts["succeeded"], failed)
            changed |= self.map_runs.get(run) != found
            self.map_runs[run] = found
        return changed


def follow(execution: Execution, show: Show) -> Progress:
    """Until it ends. Raises ClientError, and a connection's error when Owari stays away."""
    pause = POLL_MIN_S
    seen = time.monotonic()
    while True:
        try:
            news = execution.read()
            seen = time.monotonic()
        except AWAY:
            if time.monotonic() - seen > AWAY_MAX_S:
                raise
            news = False
        show(execution.progress, datetime.now(UTC), execution.map_runs)
        if execution.progress.status != "RUNNING":
            return execution.progress
        pause = POLL_MIN_S if news else min(POLL_MAX_S, pause * 1.5)
        time.sleep(pause)
