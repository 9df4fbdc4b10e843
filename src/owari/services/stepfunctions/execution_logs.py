"""Events to CloudWatch Logs, as far as the machine's log level asks for them.

AWS: "Using CloudWatch Logs to log execution history in Step Functions", with its table of
levels. The entries leave as calls of `logs`, one after another for each execution.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from owari.effects import Call, ReplyTo
from owari.services.stepfunctions.asl.frames import Execution
from owari.services.stepfunctions.asl.history import Event
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.running import About
from owari.services.stepfunctions.settings import Settings, log_group
from owari.store.tx import Tx

FATAL = ("ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut")
ERRORS = ("Failed", "TimedOut", "Aborted")
DATA = {
    "input", "inputDetails", "output", "outputDetails", "parameters", "error", "cause",
    "assignedVariables", "assignedVariablesDetails",
}  # fmt: skip
COMMON = {"id", "previousEventId", "timestamp", "type"}


def wanted(level: str, kind: str) -> bool:
    match level:
        case "ALL":
            return True
        case "ERROR":
            return kind.endswith(ERRORS)
        case "FATAL":
            return kind in FATAL
        case _:
            return False


def write(tx: Tx, about: About, execution: Execution, events: list[Event]) -> None:
    logging: Settings = about.settings.get("loggingConfiguration") or {}
    level = logging.get("level", "OFF")
    if level == "OFF":
        return
    chosen = [event for event in events if wanted(level, event["type"])]
    group = log_group(logging)
    if not chosen or group is None:
        return
    place = {"logGroupName": group, "logStreamName": _stream(about, execution)}
    if level != "ALL" or chosen[0]["id"] == 1:  # that it is there already does no harm
        _call(tx, about, "CreateLogStream", place)
    data = bool(logging.get("includeExecutionData"))
    entries = [_entry(event, execution, data) for event in chosen]
    for at in range(0, len(entries), 500):
        _call(tx, about, "PutLogEvents", {**place, "logEvents": entries[at : at + 500]})


def _stream(about: About, execution: Execution) -> str:
    """One per execution, always the same."""
    minute = datetime.fromtimestamp(execution.started_ms / 1000, UTC).strftime("%Y-%m-%d-%H-%M")
    return f"states/{execution.machine_name}/{minute}/{about.id:08x}"


def _call(tx: Tx, about: About, operation: str, params: dict[str, Any]) -> None:
    tx.emit(
        Call("logs", operation, params),
        reply_to=ReplyTo("stepfunctions", "ignored", str(about.id)),
        order_key=f"stepfunctions.log.{about.id}",
        principal=about.principal,
    )


def _entry(event: Event, execution: Execution, data: bool) -> dict[str, Any]:
    details: dict[str, Any] = next((value for key, value in event.items() if key not in COMMON), {})
    if not data:
        details = {key: value for key, value in details.items() if key not in DATA}
    millis = int(event["timestamp"] * 1000)
    told = {
        "id": str(event["id"]),
        "type": event["type"],
        "details": details,
        "redrive_count": str(execution.redrive_count or 0),
        "previous_event_id": str(event["previousEventId"]),
        "event_timestamp": str(millis),
        "execution_arn": execution.arn,
    }
    return {"timestamp": millis, "message": dumps(told)}
