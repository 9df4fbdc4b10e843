"""The contract between the engine and whatever runs code: an agent, a cluster, the simulator.

A *spec* and a *report* are JSON-able dicts, because they cross process boundaries. Both carry
`payload` bytes apart from the JSON (see agent protocol), under the key `payload`.

Function spec (`kind` = `function`):
    kind, run_id, attempt
    environment     str   identity of an environment that may be reused for this call:
                          function ARN + version + configuration revision
    slot            str   function ARN + qualifier: an idle environment of the same slot and
                          another `environment` is outdated and may be retired
    function_name, function_arn, version, handler, runtime
    memory_mib, timeout_s, ephemeral_mib
    code            str   blob id of the zip (its SHA-256, hex)
    variables       dict  the user's environment variables
    account, region, role_arn
    log_group, request_id, trace_id
    client_context  str | None   (base64 as received)
    concurrency     int | None   reserved concurrency of the function: more at once ⇒ throttled
    durable         bool  started from the outbox: the report is journaled and acknowledged
    payload         bytes the event, JSON text

Run report:
    run_id, attempt
    status          ok | error (the function raised, timed out, exited, ran out of memory) |
                    throttled (concurrency or capacity) | lost (the agent died with it) |
                    failed (could not be started: our fault or the machine's)
    payload         bytes result JSON; for `error` AWS's error payload; for `failed` b""
    message         str   why, for throttled, lost and failed
    code            str   for failed, optional: AWS's error where it has one
                          (InvalidRuntimeException, InvalidZipFileException)
    cold            bool  an environment was started for it
    init_ms, duration_ms  float;  billed_ms, memory_used_mib  int
    log_stream      str   stream the invocation logged to
    log_tail        bytes last 4 KiB of its log (LogType=Tail)

Log record (delivered apart, acknowledged, never lost while agent or server live):
    account, region, group, stream, events: list of [timestamp_ms, text]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Spec = dict[str, Any]
RunReport = dict[str, Any]


class Compute(Protocol):
    """What the engine needs of compute. Every method returns at once."""

    def invoke(self, spec: Spec, done: Callable[[RunReport], None]) -> None:
        """Run a function for a caller who waits; `done` is called once, on the event loop."""

    def start(self, spec: Spec) -> None:
        """Start a durable run. Deduplicated by (run_id, attempt); reported through the engine."""

    def cancel(self, run_id: str, reason: str) -> None:
        """Stop a run: SIGTERM, then SIGKILL. It reports as usual."""
