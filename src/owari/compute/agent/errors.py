"""Errors of an invocation whose environment ended, worded as Lambda words them.

Sources: "Lambda runtime API" and "Troubleshoot invocation issues in Lambda" (developer guide).
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from owari.compute.agent import protocol


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind` and `message` of the error payload; `log` the line before END; `status` in REPORT."""

    kind: str
    message: str
    log: str
    status: str

    def payload(self) -> bytes:
        return protocol.encode({"errorType": self.kind, "errorMessage": self.message}).encode()


def timed_out(request_id: str, timeout_s: float, when: str) -> Verdict:
    words = f"Task timed out after {timeout_s:.2f} seconds"
    return Verdict(
        "Sandbox.Timedout",
        f"RequestId: {request_id} Error: {words}",
        f"{when} {request_id} {words}\n\n",
        "Status: timeout",
    )


def ended(request_id: str, status: int, *, out_of_memory: bool) -> Verdict:
    """`status` as of waitpid."""
    how = _how(status)
    kind = "Runtime.OutOfMemory" if out_of_memory else "Runtime.ExitError"
    if out_of_memory:
        how = "Runtime exited with error: signal: killed"
    message = f"RequestId: {request_id} Error: {how}"
    return Verdict(kind, message, f"{message}\n{kind}\n", f"Status: error\tError Type: {kind}")


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return "Runtime exited without providing a reason"
    if code > 0:
        return f"Runtime exited with error: exit status {code}"
    name = {signal.SIGKILL: "killed", signal.SIGSEGV: "segmentation fault"}.get(
        signal.Signals(-code), (signal.strsignal(-code) or str(-code)).lower()
    )
    dumped = " (core dumped)" if os.WCOREDUMP(status) else ""
    return f"Runtime exited with error: signal: {name}{dumped}"
