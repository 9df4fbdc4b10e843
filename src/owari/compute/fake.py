"""A compute that only pretends, for simulation: durations, outcomes and losses are chosen.

Handlers are plain functions by function name: `handler(event, spec)` returns a JSON-able result
or raises `FunctionError`. A run takes `duration(spec)` seconds of simulated time. Processes (kind
`process`) are played by `process(spec)`, which returns (exit code, reason) or raises
`SystemFailure`; one that is told to stop reports `cancelled`.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable
from typing import Any

from owari.compute.base import RunReport, Spec, in_one_piece
from owari.effects import ITEM_REPORT, OF_RUN


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
Process = Callable[[Spec], tuple[int, str]]

SIGTERM_EXIT = 143
TIMED_OUT = "Job attempt duration exceeded timeout"


def _echo(event: Any, _spec: Spec) -> Any:
    return event


class FakeCompute:
    """Implements compute.base.Compute over simulated time; the world delivers its reports."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.process: Process = lambda _spec: (0, "")
        self.stopping_s = 0.0  # how long a process takes to end once it was told to
        self.duration: Callable[[Spec], float] = lambda _spec: 0.01
        self.duplicate: Callable[[], bool] = lambda: False  # report this one twice?
        self.now = 0.0
        self.instance = "agent-1"
        self.warm: dict[str, int] = {}  # environment → wished
        self.started: list[Spec] = []  # every start that was not a duplicate
        self._live: dict[tuple[str, int], Spec] = {}
        self._ended: dict[tuple[str, int], RunReport] = {}  # not acknowledged
        self._began: dict[tuple[str, int], float] = {}  # processes that run
        self._stopped: set[tuple[str, int]] = set()  # processes told to stop
        self._queue: list[tuple[float, int, tuple[str, int]]] = []
        self._ticket = itertools.count()
        self._items: dict[str, int] = {}  # by run: how many have not ended

    # ---- the Compute protocol
    def invoke(
        self,
        spec: Spec,
        done: Callable[[RunReport], None],
        on_chunk: Callable[[bytes], None] | None = None,
    ) -> None:
        if on_chunk is not None:
            done = in_one_piece(done, on_chunk)
        done(self._carry_out(spec))

    def start(self, spec: Spec) -> None:
        key = (spec["run_id"], spec["attempt"])
        if key in self._live:
            return
        if key in self._ended:
            self._push(key, 0.0)
            return
        if "items" in spec:
            self._start_items(spec)
            return
        self.started.append(spec)
        self._live[key] = spec
        duration = self.duration(spec)
        if spec.get("kind") == "process":
            self._began[key] = self.now
            duration = min(duration, spec["timeout_s"] or duration)
        self._push(key, duration)

    def keep_warm(self, spec: Spec, count: int) -> None:
        self.warm[spec["environment"]] = count

    def cancel(self, run_id: str, reason: str) -> None:
        for key in [k for k in self._live if run_id in (k[0], k[0].partition(OF_RUN)[0])]:
            if self._live[key].get("kind") == "process":
                if key not in self._stopped:
                    self._stopped.add(key)
                    self._push(key, self.stopping_s)
            else:
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
                self._ended[key] = self._piece(self._carry_out(spec))
            if key in self._ended:
                reports.append(self._ended[key])
                if self.duplicate():
                    reports.append(self._ended[key])
        return reports

    def acknowledge(self, report: RunReport) -> None:
        self._ended.pop(_key_of(report), None)

    def known(self) -> set[tuple[str, int]]:
        return {(key[0].partition(OF_RUN)[0], key[1]) for key in (*self._live, *self._ended)}

    # ---- items, each played as a run of its own
    def _start_items(self, spec: Spec) -> None:
        if (spec["run_id"], spec["attempt"]) in self.known():
            return
        shared = {name: value for name, value in spec.items() if name != "items"}
        self._items[spec["run_id"]] = len(spec["items"])
        for number, variables, stream in spec["items"]:
            own = {"run_id": f"{spec['run_id']}{OF_RUN}{number}", "log_stream": stream}
            self.start(shared | own | {"variables": shared["variables"] | variables})

    def _piece(self, report: RunReport) -> RunReport:
        """What is told of an item that ended."""
        run_id, separator, number = report["run_id"].partition(OF_RUN)
        if not separator:
            return report
        self._items[run_id] -= 1
        return {
            "run_id": run_id,
            "attempt": report["attempt"],
            "status": "ok",
            "piece": int(number) + 1,
            "more": self._items[run_id] > 0,
            "ended": [[int(number), *(report[name] for name in ITEM_REPORT)]],
            "payload": b"",
        }

    def resend(self) -> None:
        """After a reconnect: everything not acknowledged is reported again."""
        for key in self._ended:
            self._push(key, 0.0)

    def lose(self) -> None:
        """The agent dies with its runs; another instance takes its place."""
        self._live.clear()
        self._ended.clear()
        self._began.clear()
        self._stopped.clear()
        self._queue.clear()
        self._items.clear()
        self.instance = f"agent-{int(self.instance.split('-')[1]) + 1}"

    def _carry_out(self, spec: Spec) -> RunReport:
        if spec.get("kind") == "process":
            return self._end_process(spec)
        status, message, payload = "ok", "", b"null"
        try:
            handler = self.handlers.get(spec.get("function_name", ""), _echo)
            answer = handler(json.loads(spec["payload"] or b"null"), spec)
            # Bytes: a custom runtime's answer, which need not be JSON.
            payload = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
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

    def _end_process(self, spec: Spec) -> RunReport:
        key = (spec["run_id"], spec["attempt"])
        began = self._began.pop(key)
        code: int | None = None
        message = ""
        if key in self._stopped:
            self._stopped.discard(key)
            status, code, reason = "cancelled", SIGTERM_EXIT, "stopped"
        elif spec["timeout_s"] is not None and self.now - began >= spec["timeout_s"]:
            status, code, reason = "error", SIGTERM_EXIT, TIMED_OUT
        else:
            try:
                code, reason = self.process(spec)
                status = "error" if code else "ok"
            except SystemFailure as failure:
                status, reason, message = failure.status, str(failure), str(failure)
        if status == "throttled" and OF_RUN in spec["run_id"]:
            status = "lost"  # an agent that took items has room for them, sooner or later
        return {
            "run_id": spec["run_id"],
            "attempt": spec["attempt"],
            "status": status,
            "exit_code": code,
            "reason": reason,
            "message": message,
            "started_at": began,
            "stopped_at": self.now,
            "payload": b"",
        }


def _key_of(report: RunReport) -> tuple[str, int]:
    """As the run, or the item that is told of, is known here."""
    if "ended" not in report:
        return report["run_id"], report["attempt"]
    return f"{report['run_id']}{OF_RUN}{report['piece'] - 1}", report["attempt"]
