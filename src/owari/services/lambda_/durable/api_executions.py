"""Durable executions as their owner sees them: described, listed, stopped, deleted."""

from __future__ import annotations

from typing import Any

from owari.services.lambda_.durable import rows
from owari.services.lambda_.durable.ending import end
from owari.services.lambda_.durable.history import Event, without_data
from owari.services.lambda_.durable.lookup import existing_execution
from owari.services.lambda_.durable.rows import Execution, Pause
from owari.services.lambda_.durable.turns import Turn
from owari.services.lambda_.faults import conflict
from owari.services.lambda_.lookup import existing_function, named
from owari.services.lambda_.names import function_arn
from owari.services.lambda_.paging import key_of, marker_for
from owari.store.encode import loads
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE = 100
PAGE_MAX = 1000
LAST = 2**62
STOPPED = {"ErrorMessage": "Execution stopped by user request"}


@operation("lambda", "GetDurableExecution", reads=True)
def get_durable_execution(tx: Tx, p: Params) -> Result:
    e = existing_execution(tx, p["DurableExecutionArn"])
    made = _summary(e) | {
        "Version": e.version,
        "TraceHeader": {"XAmznTraceId": e.trace},
        "DurableConfig": {
            "ExecutionTimeout": e.timeout_s,
            "RetentionPeriodInDays": e.retention_days,
        },
    }
    if e.is_running:
        made["ExpectedExecutionTimeoutTimestamp"] = e.timeout_at
    included = p.get("IncludeExecutionData") is not False
    made["ExecutionDataIncluded"] = included
    if e.pause is not None:
        made["PauseDetails"] = _pause(e.pause, included)
    if included:
        made["InputPayload"] = rows.text(tx, e.id, "input") or "{}"
        if (result := rows.text(tx, e.id, "result")) is not None:
            made["Result"] = result
        if (error := rows.text(tx, e.id, "error")) is not None:
            made["Error"] = loads(error)
    return made


def _pause(pause: Pause, included: bool) -> dict[str, Any]:
    made = {
        "PauseRequestTimestamp": pause.requested,
        "ExecutionTimeoutPaused": pause.holds_timeout,
    }
    return made | {"Reason": pause.reason} if included and pause.reason is not None else made


def _summary(e: Execution) -> dict[str, Any]:
    made = {
        "DurableExecutionArn": e.arn,
        "DurableExecutionName": e.name,
        "FunctionArn": function_arn(e.account, e.region, e.function, e.version),
        "Status": e.status,
        "StartTimestamp": e.started,
    }
    return made if e.ended is None else made | {"EndTimestamp": e.ended}


@operation("lambda", "GetDurableExecutionHistory", reads=True)
def get_durable_execution_history(tx: Tx, p: Params) -> Result:
    e = existing_execution(tx, p["DurableExecutionArn"])
    reverse = bool(p.get("ReverseOrder"))
    most = min(p.get("MaxItems") or PAGE, PAGE_MAX)
    at = key_of(p["Marker"], int)[0] if p.get("Marker") else (LAST if reverse else 1)
    found = _events(tx, e.id, at, most + 1, reverse)
    page = found[:most]
    if not p.get("IncludeExecutionData"):
        page = [without_data(event) for event in page]
    result: dict[str, Any] = {"Events": page}
    if len(found) > most:
        result["NextMarker"] = marker_for([found[most]["EventId"]])
    return result


def _events(tx: Tx, execution: int, at: int, most: int, reverse: bool) -> list[Event]:
    found: list[Event] = []
    for chunk in rows.chunks(tx, execution, at, reverse=reverse):
        events: list[Event] = loads(chunk["events"])
        if reverse:
            found += [event for event in reversed(events) if event["EventId"] <= at]
        else:
            found += [event for event in events if event["EventId"] >= at]
        if len(found) >= most:
            break
    return found[:most]


@operation("lambda", "ListDurableExecutionsByFunction", reads=True)
def list_durable_executions_by_function(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "ListDurableExecutionsByFunction")
    existing_function(tx, ref)
    reverse = bool(p.get("ReverseOrder"))
    most = min(p.get("MaxItems") or PAGE, PAGE_MAX)
    conditions, args = _conditions(p, ref.qualifier, reverse)
    found = rows.listed(tx, ref.name, conditions, args, most + 1, reverse=reverse)
    result: dict[str, Any] = {"DurableExecutions": [_summary(e) for e in found[:most]]}
    if len(found) > most:
        result["NextMarker"] = marker_for([found[most - 1].id])
    return result


def _conditions(p: Params, qualifier: str | None, reverse: bool) -> tuple[str, list[Any]]:
    """SQL and its arguments, for what the caller asked."""
    text, args = "", []
    if qualifier is not None:
        text, args = " AND (version = ? OR qualifier = ?)", [qualifier, qualifier]
    for member, sql in (
        ("DurableExecutionName", "name = ?"),
        ("StartedAfter", "started >= ?"),
        ("StartedBefore", "started <= ?"),
    ):
        if p.get(member) is not None:
            text, args = f"{text} AND {sql}", [*args, p[member]]
    if statuses := p.get("Statuses"):
        text = f"{text} AND status IN ({', '.join('?' * len(statuses))})"
        args = [*args, *statuses]
    if p.get("Marker"):
        text = f"{text} AND id {'<' if reverse else '>'} ?"
        args = [*args, key_of(p["Marker"], int)[0]]
    return text, args


@operation("lambda", "StopDurableExecution")
def stop_durable_execution(tx: Tx, p: Params) -> Result:
    """Of one that has ended already: when it did."""
    e = existing_execution(tx, p["DurableExecutionArn"])
    if not e.is_running:
        return {"StopTimestamp": e.ended}
    turn = Turn(tx, e)
    end(turn, "STOPPED", error=p.get("Error") or STOPPED)
    turn.close()
    return {"StopTimestamp": tx.now}


@operation("lambda", "DeleteDurableExecution")
def delete_durable_execution(tx: Tx, p: Params) -> Result:
    e = existing_execution(tx, p["DurableExecutionArn"])
    if e.is_running:
        raise conflict(f"The durable execution {e.arn} is still running.")
    rows.forget(tx, e)
    return {"DeletionRequestTimestamp": tx.now}
