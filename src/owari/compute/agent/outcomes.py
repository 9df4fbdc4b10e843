"""What an invocation's caller is told: reports, and errors as Lambda words them."""

from __future__ import annotations

import json
import time
from types import MappingProxyType
from typing import Any

from owari.compute.agent import errors, protocol
from owari.compute.agent.environment import Environment, Invocation

NOTHING: dict[str, Any] = dict(  # the figures of what was never run
    MappingProxyType(
        {
            "message": "",
            "code": "",
            "cold": False,
            "init_ms": 0.0,
            "duration_ms": 0.0,
            "billed_ms": 0,
            "memory_used_mib": 0,
            "log_stream": "",
        }
    )
)


def report_frame(
    invocation: Invocation, status: str, payload: bytes, figures: dict[str, Any]
) -> bytes:
    tail = invocation.tail.bytes()
    header = {
        "k": "report",
        "call": invocation.call,
        "tail": len(tail),
        "run_id": invocation.run_id,
        "attempt": invocation.attempt,
        "status": status,
        "message": "",
    } | figures
    return protocol.message(header, payload + tail)


def verdict(environment: Environment, request_id: str) -> errors.Verdict | None:
    """Why an environment ended under an invocation; None: with the interpreter it came from."""
    if environment.expired:
        seconds, ms = divmod(int(time.time() * 1000), 1000)
        when = time.strftime(f"%Y-%m-%dT%H:%M:%S.{ms:03d}Z", time.gmtime(seconds))
        return errors.timed_out(request_id, environment.definition.timeout_s, when)
    if environment.status is None:
        return None
    worker = environment.worker
    memory = worker.out_of_memory or worker.slot.ran_out_of_memory()
    return errors.ended(request_id, environment.status, out_of_memory=memory)


def of_init_error(payload: dict[str, Any], request_id: str) -> bytes:
    """The error of an initialisation, as the invocation that needed it is told.

    `platform`: the words are ours, not the runtime's (runtime/host.py).
    """
    if payload.pop("platform", False):
        payload["errorMessage"] = f"RequestId: {request_id} Error: {payload['errorMessage']}"
    if "requestId" in payload:
        payload["requestId"] = request_id
    return protocol.encode(payload).encode()


def of_start(environment: Environment) -> str:
    """Why it ended before it was ready, in words."""
    if environment.worker.broken:
        return environment.worker.broken
    if environment.init_error:
        told = json.loads(environment.init_error)
        return f"{told.get('errorType')}: {told.get('errorMessage')}"
    found = verdict(environment, "")
    return found.log.strip() if found is not None else "The interpreter that ran this has ended."
