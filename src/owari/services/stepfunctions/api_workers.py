"""Those who do tasks outside: by task token, or as workers of an activity."""

from __future__ import annotations

import re

from owari.services.stepfunctions import activities, running, tasks
from owari.services.stepfunctions.advance import advance, save, tell
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.asl.reports import (
    Report,
    TaskFailed,
    TaskHeartbeat,
    TaskStarted,
    TaskSucceeded,
)
from owari.services.stepfunctions.core import activity_name
from owari.services.stepfunctions.faults import fault, no_activity, no_task
from owari.store.tx import Row, Tx
from owari.tracing import parse
from owari.wire.operation import Answer, Params, Park, Result, operation

POLL_S = 60.0
_TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _task(tx: Tx, token: str) -> Row:
    """Raises InvalidToken, TaskTimedOut (it was reported already, or given up)."""
    if not _TOKEN.fullmatch(token):
        raise fault("InvalidToken", "Invalid Token: 'Invalid token'")
    row = tasks.find(tx, token)
    if row is None or row["activity"] is not None:
        raise no_task()
    return row


def _report(tx: Tx, row: Row, report: Report) -> None:
    """A worker who belongs to no trace is part of the execution's."""
    r = running.load(tx, row["execution"])
    if r is None:
        return
    if not parse(tx.trace_id).parent:
        tx.trace_id = r.about.trace
    tell(tx, r, report)
    save(tx, r)


@operation("stepfunctions", "SendTaskSuccess")
def send_task_success(tx: Tx, p: Params) -> Result:
    row = _task(tx, p["taskToken"])
    try:
        output = dumps(loads(p["output"]))
    except ValueError as error:
        raise fault("InvalidOutput", f"Invalid Output: '{error}'") from None
    tasks.remove(tx, row["token"])
    _report(tx, row, TaskSucceeded(row["frame"], row["token"], output))
    return {}


@operation("stepfunctions", "SendTaskFailure")
def send_task_failure(tx: Tx, p: Params) -> Result:
    row = _task(tx, p["taskToken"])
    tasks.remove(tx, row["token"])
    _report(tx, row, TaskFailed(row["frame"], row["token"], p.get("error"), p.get("cause")))
    return {}


@operation("stepfunctions", "SendTaskHeartbeat")
def send_task_heartbeat(tx: Tx, p: Params) -> Result:
    row = _task(tx, p["taskToken"])
    advance(tx, row["execution"], TaskHeartbeat(row["frame"], row["token"]))
    return {}


@operation("stepfunctions", "GetActivityTask")
def get_activity_task(tx: Tx, p: Params) -> Answer:
    """A long poll of up to 60 seconds; without a task the answer is empty."""
    arn = p["activityArn"]
    if activities.find(tx, activity_name(arn)) is None:
        raise no_activity(arn)
    row = tasks.next_of(tx, arn)
    if row is None:
        return {} if tx.last_try else Park(tasks.channel(arn), tx.now + POLL_S)
    tasks.taken(tx, row["token"])
    _report(tx, row, TaskStarted(row["frame"], row["token"], p.get("workerName")))
    return {"taskToken": row["token"], "input": row["input"]}
