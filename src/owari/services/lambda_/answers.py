"""From a run report (compute/base.py) to what Invoke answers."""

from __future__ import annotations

import base64
import json
from typing import Any

from owari.errors import ServiceError
from owari.services.lambda_.faults import throttled

LOG_TAIL_MAX_BYTES = 4 * 1024
# Codes AWS has for a function that cannot be started; compute names one in the report's `code`.
# Each with its HTTP status (Lambda API reference, Invoke, "Errors").
_START_FAULTS = {
    "EFSMountFailureException": 403,
    "InvalidRuntimeException": 502,
    "InvalidZipFileException": 502,
    "ResourceNotReadyException": 502,
}

Report = dict[str, Any]


def answer(
    report: Report, *, version: str, tail: bool, reserved: int | None, response_max_bytes: int
) -> dict[str, Any]:
    """The result of a synchronous Invoke. Raises TooManyRequests-, InvalidRuntime-,
    InvalidZipFile- and ServiceException."""
    match report["status"]:
        case "ok" | "error":
            payload, failed = payload_of(report, response_max_bytes)
        case "throttled":
            raise throttled(reserved)
        case _:
            raise system_fault(report)
    result: dict[str, Any] = {"StatusCode": 200, "Payload": payload, "ExecutedVersion": version}
    if failed:
        result["FunctionError"] = "Unhandled"
    if tail:
        log = report["log_tail"][-LOG_TAIL_MAX_BYTES:]
        result["LogResult"] = base64.b64encode(log).decode()
    return result


def payload_of(report: Report, response_max_bytes: int) -> tuple[bytes, bool]:
    """The function's answer and whether it is an error: an answer too large is one."""
    payload: bytes = report["payload"]
    if len(payload) <= response_max_bytes:
        return payload, report["status"] == "error"
    problem = {
        "errorMessage": "Response payload size exceeded maximum allowed payload size"
        f" ({response_max_bytes} bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    return json.dumps(problem).encode(), True


def system_fault(report: Report) -> ServiceError:
    """Why the function could not be run at all."""
    code = report.get("code") or ""
    message = report["message"] or "The function could not be run."
    if code in _START_FAULTS:
        return ServiceError(code, message, status=_START_FAULTS[code], fields={"Type": "User"})
    return ServiceError("ServiceException", message, status=500, fields={"Type": "Service"})
