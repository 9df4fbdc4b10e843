"""What Lambda itself writes to a function's log: starts, ends and figures, as text or as JSON.

Sources: "Configuring advanced logging controls for Lambda functions" and, for the JSON, "Lambda
Telemetry API Event schema reference" (developer guide). Each line is one event.
"""

from __future__ import annotations

import time
from typing import Any, Protocol

from owari.compute.agent import protocol
from owari.compute.agent.errors import Verdict

Figures = dict[str, Any]  # duration_ms, billed_ms, memory_used_mib, init_ms, cold


class PlatformLog(Protocol):
    def init_start(self, words: str) -> list[str]: ...

    def start(self, request_id: str, version: str) -> list[str]: ...

    def end(
        self, request_id: str, memory_mib: int, figures: Figures, verdict: Verdict | None
    ) -> list[str]:
        """`verdict`: why the environment ended under the invocation; None when it did not."""


class TextLog:
    def init_start(self, words: str) -> list[str]:
        return [f"INIT_START Runtime Version: {words}\n"]

    def start(self, request_id: str, version: str) -> list[str]:
        return [f"START RequestId: {request_id} Version: {version}\n"]

    def end(
        self, request_id: str, memory_mib: int, figures: Figures, verdict: Verdict | None
    ) -> list[str]:
        init = f"Init Duration: {figures['init_ms']:.2f} ms\t" if figures["cold"] else ""
        status = f"{verdict.status}\t" if verdict is not None else ""
        report = (
            f"REPORT RequestId: {request_id}\tDuration: {figures['duration_ms']:.2f} ms\t"
            f"Billed Duration: {figures['billed_ms']} ms\tMemory Size: {memory_mib} MB\t"
            f"Max Memory Used: {figures['memory_used_mib']} MB\t{init}{status}\n"
        )
        why = [verdict.log] if verdict is not None else []
        return [*why, f"END RequestId: {request_id}\n", report]


class JsonLog:
    """`level`: of the system's events; at WARN only invocations that failed are told of."""

    def __init__(self, level: str) -> None:
        self.quiet = level == "WARN"

    def init_start(self, words: str) -> list[str]:
        record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": words}
        return [] if self.quiet else [_event("platform.initStart", record)]

    def start(self, request_id: str, version: str) -> list[str]:
        record = {"requestId": request_id, "version": version}
        return [] if self.quiet else [_event("platform.start", record)]

    def end(
        self, request_id: str, memory_mib: int, figures: Figures, verdict: Verdict | None
    ) -> list[str]:
        metrics = {
            "durationMs": figures["duration_ms"],
            "billedDurationMs": figures["billed_ms"],
            "memorySizeMB": memory_mib,
            "maxMemoryUsedMB": figures["memory_used_mib"],
        }
        if figures["cold"]:
            metrics["initDurationMs"] = figures["init_ms"]
        record: dict[str, Any] = {"requestId": request_id, "metrics": metrics}
        if verdict is None:
            record["status"] = "success"
        elif verdict.status == "Status: timeout":
            record["status"] = "timeout"
        else:
            record |= {"status": "failure", "errorType": verdict.kind}
        if self.quiet and verdict is None:
            return []
        return [_event("platform.report", record)]


def platform_log(logging: dict[str, str]) -> PlatformLog:
    """For a function's LoggingConfig."""
    if logging.get("LogFormat") == "JSON":
        return JsonLog(logging.get("SystemLogLevel", "INFO"))
    return TextLog()


def _event(kind: str, record: dict[str, Any]) -> str:
    seconds, ms = divmod(int(time.time() * 1000), 1000)
    moment = time.strftime(f"%Y-%m-%dT%H:%M:%S.{ms:03d}Z", time.gmtime(seconds))
    return protocol.encode({"time": moment, "type": kind, "record": record}) + "\n"
