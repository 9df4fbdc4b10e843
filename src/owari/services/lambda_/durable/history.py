"""The events of a durable execution's history, as GetDurableExecutionHistory shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from owari.services.lambda_.durable.operations import Op, Update
from owari.services.lambda_.durable.rows import Pause

Event = dict[str, Any]

_WORDS = {
    "CONTEXT": "Context",
    "STEP": "Step",
    "WAIT": "Wait",
    "CALLBACK": "Callback",
    "CHAINED_INVOKE": "ChainedInvoke",
}
_STATUS = {
    "STARTED": "Started",
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "CANCELLED": "Cancelled",
    "TIMED_OUT": "TimedOut",
    "STOPPED": "Stopped",
}


def event_of(op: Op, now: float, update: Update | None = None, **more: Any) -> Event | None:
    """What is told of an operation that has just become what it is; None: nothing (READY)."""
    status = op.status
    if status == "PENDING":  # a step's attempt ended, well (a condition) or badly, and another
        status = "FAILED" if "Error" in op.details else "SUCCEEDED"
    if status not in _STATUS:
        return None
    kind = _WORDS[op.type] + _STATUS[status]
    named: Event = {
        key: op.shown[key] for key in ("SubType", "Name", "ParentId") if key in op.shown
    }
    told = {"EventType": kind, "EventTimestamp": now, "Id": op.id} | named
    return told | {f"{kind}Details": _details(op, status, update) | more}


def _details(op: Op, status: str, update: Update | None) -> dict[str, Any]:
    if status == "STARTED":
        return _started(op, update or {})
    if op.type == "WAIT":
        if status == "CANCELLED":
            return {"Error": _payload((update or {}).get("Error"))}
        return {"Duration": _duration(op)}
    made: dict[str, Any] = {}
    if status == "SUCCEEDED":
        made["Result"] = _payload(op.details.get("Result"))
    else:
        made["Error"] = _payload(op.details.get("Error"))
    if op.type == "STEP":
        retry: dict[str, Any] = {"CurrentAttempt": op.details["Attempt"]}
        if op.status == "PENDING" and update:
            delay = update["StepOptions"].get("NextAttemptDelaySeconds", 0)
            retry["NextAttemptDelaySeconds"] = delay
        made["RetryDetails"] = retry
    return made


def _started(op: Op, update: Update) -> dict[str, Any]:
    match op.type:
        case "WAIT":
            return {
                "Duration": _duration(op),
                "ScheduledEndTimestamp": op.details["ScheduledEndTimestamp"],
            }
        case "CALLBACK":
            options = update.get("CallbackOptions") or {}
            return {
                "CallbackId": op.details["CallbackId"],
                "HeartbeatTimeout": options.get("HeartbeatTimeoutSeconds", 0),
                "Timeout": options.get("TimeoutSeconds", 0),
            }
        case "CHAINED_INVOKE":
            options = update.get("ChainedInvokeOptions") or {}
            return {
                "FunctionName": options.get("FunctionName", ""),
                "Input": _payload(update.get("Payload")),
            }
        case _:
            return {}


def _duration(op: Op) -> int:
    return round(float(op.details["ScheduledEndTimestamp"]) - float(op.shown["StartTimestamp"]))


def _payload(value: Any) -> dict[str, Any]:
    return {"Truncated": False} | ({} if value is None else {"Payload": value})


# ---- the execution itself
def execution_started(id: str, name: str, text: str, timeout_s: int, now: float) -> Event:
    details = {"Input": _payload(text), "ExecutionTimeout": timeout_s}
    return _of_execution("ExecutionStarted", id, name, details, now)


def execution_ended(
    id: str, name: str, status: str, result: str | None, error: Mapping[str, Any] | None, now: float
) -> Event:
    outcome = {"Result": _payload(result)} if status == "SUCCEEDED" else {"Error": _payload(error)}
    return _of_execution("Execution" + _STATUS[status], id, name, outcome, now)


def execution_paused(id: str, name: str, pause: Pause, now: float) -> Event:
    details = {
        "PauseRequestTimestamp": pause.requested,
        "Reason": _payload(pause.reason),
        "ExecutionTimeoutPaused": pause.holds_timeout,
    }
    return _of_execution("ExecutionPaused", id, name, details, now)


def execution_resumed(id: str, name: str, reason: str | None, now: float) -> Event:
    details = {"ResumeRequestTimestamp": now, "Reason": _payload(reason)}
    return _of_execution("ExecutionResumed", id, name, details, now)


def _of_execution(kind: str, id: str, name: str, details: dict[str, Any], now: float) -> Event:
    told = {"EventType": kind, "EventTimestamp": now, "Id": id, "Name": name}
    return told | {f"{kind}Details": details}


def invocation_completed(
    began: float, request_id: str, error: Mapping[str, Any] | None, now: float
) -> Event:
    details: dict[str, Any] = {
        "StartTimestamp": began,
        "EndTimestamp": now,
        "RequestId": request_id,
    }
    if error is not None:
        details["Error"] = _payload(error)
    return {
        "EventType": "InvocationCompleted",
        "EventTimestamp": now,
        "InvocationCompletedDetails": details,
    }


def without_data(event: Event) -> Event:
    """As shown to who did not ask for the execution's data."""
    return {
        key: {name: _hidden(part) for name, part in value.items()}
        if isinstance(value, dict)
        else value
        for key, value in event.items()
    }


def _hidden(part: Any) -> Any:
    """Only payloads are `{Truncated, Payload}`."""
    return {"Truncated": True} if isinstance(part, dict) and "Truncated" in part else part
