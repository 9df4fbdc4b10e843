"""A compute that only pretends, for simulation: durations, outcomes and losses are chosen.

Handlers are plain functions by function name: `handler(event, spec)` returns a JSON-able result
or raises `FunctionError`. A run takes `duration(spec)` seconds of simulated time.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable
from typing import Any

from owari.compute.base import RunReport, Spec


class FunctionError(Exception):
    """What a handler raises: `error_type` and the message end up in AWS's error payload."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class SystemFailure(Exception):
    """Not the function's fault: reported with this `status` (throttled, lost, failed)."""

    def __init__(self, status: str, message: str = "") -> None:
        super().__init__(message)
        self.status = status


Handler = Callable[[Any, Spec], Any]


def _echo(event: Any, _spec: Spec) -> Any:
    return event


class FakeCompute:
    """Implements compute.base.Compute over simulated time; the world delivers its reports."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.duration: Callable[[Spec], float] = lambda _spec: 0.01
        self.duplicate: Callable[[], bool] = lambda: False  # report this one twice?
        self.now = 0.0
        self.instance = "agent-1"
        self.started: list[Spec] = []  # every start that was not a duplicate
        self._live: dict[tuple[str, int], Spec] = {}
        self._ended: dict[tuple[str, int], RunReport] = {}  # not acknowledged
        self._queue: list[tuple[float, int, tuple[str, int]]] = []
        self._ticket = itertools.count()

    # ---- the Compute protocol
    def invoke(self, spec: Spec, done: Callable[[RunReport], None]) -> None:
        done(self._carry_out(spec))

    def start(self, spec: Spec) -> None:
        key = (spec["run_id"], spec["attempt"])
        if key in self._live:
            return
        if key in self._ended:
            self._push(key, 0.0)
            return
        self.started.append(spec)
        self._live[key] = spec
        self._push(key, self.duration(spec))

    def cancel(self, run_id: str, reason: str) -> None:
        for key in [k for k in self._live if k[0] == run_id]:
            del self._live[key]

    # ---- for the world
    def _push(self, key: tuple[str, int], delay: float) -> None:
        heapq.heappush(self._queue, (self.now + delay, next(self._ticket), key))

    def next_time(self) -> float | None:
        return self._queue[0][0] if self._queue else None

    def due_reports(self, now: float) -> list[RunReport]:
        """Runs that end by `now`; unacknowledged reports come again when started again."""
        self.now = now
        reports = []
        while self._queue and self._queue[0][0] <= now:
            _, _, key = heapq.heappop(self._queue)
            spec = self._live.pop(key, None)
            if spec is not None:
                self._ended[key] = self._carry_out(spec)
            if key in self._ended:
                reports.append(self._ended[key])
                if self.duplicate():
                    reports.append(self._ended[key])
        return reports

    def acknowledge(self, run_id: str, attempt: int) -> None:
        self._ended.pop((run_id, attempt), None)

    def known(self) -> set[tuple[str, int]]:
        return set(self._live) | set(self._ended)

    def resend(self) -> None:
        """After a reconnect: everything not acknowledged is reported again."""
        for key in self._ended:
            self._push(key, 0.0)

    def lose(self) -> None:
        """The agent dies with its runs; another instance takes its place."""
        self._live.clear()
        self._ended.clear()
        self._queue.clear()
        self.instance = f"agent-{int(self.instance.split('-')[1]) + 1}"

    def _carry_out(self, spec: Spec) -> RunReport:
        status, message, payload = "ok", "", b"null"
        try:
            handler = self.handlers.get(spec.get("function_name", ""), _echo)
            payload = json.dumps(handler(json.loads(spec["payload"] or b"null"), spec)).encode()
        except FunctionError as error:
            status = "error"
            payload = json.dumps(
                {"errorMessage": str(error), "errorType": error.error_type, "stackTrace": []}
            ).encode()
        except SystemFailure as failure:
            status, message, payload = failure.status, str(failure), b""
        return {
            "run_id": spec["run_id"],
            "attempt": spec["attempt"],
            "status": status,
            "payload": payload,
            "message": message,
            "cold": False,
            "init_ms": 0.0,
            "duration_ms": 10.0,
            "billed_ms": 10,
            "memory_used_mib": 40,
            "log_stream": "2030/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
            "log_tail": b"",
        }
