"""Invocations whose response is told as it comes. Source: InvokeWithResponseStream."""

from __future__ import annotations

import base64
from functools import partial
from typing import Any

from owari.json_text import parsed
from owari.services.lambda_.answers import LOG_TAIL_MAX_BYTES, system_fault
from owari.services.lambda_.api_invoke import awaited_spec, checked_event, deployed
from owari.services.lambda_.faults import beyond_owari, throttled
from owari.services.lambda_.lookup import named
from owari.store.tx import Tx
from owari.wire.operation import Answer, DirectStream, Params, operation

Report = dict[str, Any]
CONTENT_TYPE = "application/vnd.amazon.eventstream"


@operation("lambda", "InvokeWithResponseStream", reads=True)
def invoke_with_response_stream(tx: Tx, p: Params) -> Answer:
    ref = named(tx, p, "InvokeFunction")
    found = deployed(tx, ref)
    if p.get("TenantId"):
        raise beyond_owari("tenant isolation of functions")
    payload = checked_event(p.get("Payload"))
    if p.get("InvocationType") == "DryRun":
        return {"StatusCode": 204}
    spec = awaited_spec(tx, p, ref, found, payload, streaming=True)
    begun = {
        "StatusCode": 200,
        "ExecutedVersion": found.version,
        "ResponseStreamContentType": CONTENT_TYPE,
    }
    last = partial(complete, tail=p.get("LogType") == "Tail", reserved=found.reserved)
    return DirectStream(spec, begun, "EventStream", piece, last)


def piece(data: bytes) -> dict[str, Any]:
    return {"PayloadChunk": {"Payload": data}}


def complete(report: Report, begun: bool, *, tail: bool, reserved: int | None) -> dict[str, Any]:
    """The last event. Raises as Invoke does when nothing has begun and nothing could be run."""
    ended: dict[str, Any] = {}
    match report["status"]:
        case "ok":
            pass
        case "error":
            ended = _function_error(report["payload"])
        case "throttled" if not begun:
            raise throttled(reserved)
        case _ if not begun:
            raise system_fault(report)
        case _:
            ended = {"ErrorCode": "ServiceException", "ErrorDetails": report["message"]}
    if tail:
        log = report["log_tail"][-LOG_TAIL_MAX_BYTES:]
        ended["LogResult"] = base64.b64encode(log).decode()
    return {"InvokeComplete": ended}


def _function_error(payload: bytes) -> dict[str, str]:
    try:
        problem = parsed(payload)
    except ValueError:
        problem = {}
    code = problem.get("errorType") if isinstance(problem, dict) else None
    return {
        "ErrorCode": str(code or "Unhandled"),
        "ErrorDetails": payload.decode("utf-8", "replace"),
    }
