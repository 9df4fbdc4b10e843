"""A schedule is due: its target is called, again if that fails, and the next time is set.

What was due while Owari was down is made up for once, at the start, however often it was missed;
the log says how often.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from owari.arn import parse_arn, queue_url
from owari.effects import Call, ReplyTo, Report
from owari.errors import ServiceError
from owari.json_text import parsed
from owari.services.scheduler import rows
from owari.services.scheduler.api_schedules import remove
from owari.services.scheduler.core import (
    MISSED_MAX,
    catch_up,
    dead_letter_attributes,
    due_after,
    input_of,
    iso,
    universal_of,
)
from owari.services.scheduler.rows import Schedule
from owari.services.scheduler.timing import set_timer
from owari.store.beginnings import begin_trace
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx
from owari.targets.calls import Delivery, call_for
from owari.targets.retrying import Again, after_failure, policy_of
from owari.wire.operation import reaction
from owari.wire.sdk_input import ParameterError, Reader, operation_of

log = logging.getLogger("owari.scheduler")
news = logging.getLogger("owari.news")  # shown where the server was started
PRINCIPAL = "scheduler.amazonaws.com"
BODY_MAX = 256 * 1024
_read = Reader("Scheduler", lambda value: json.dumps(value, separators=(",", ":"))).read


@reaction("scheduler", "due")
def on_due(tx: Tx, report: Report) -> None:
    group, _, name = report.key.partition("/")
    s = rows.find(tx, group, name)
    if s is None or s.timer != report.effect_id or s.due is None:
        return
    s.timer, scheduled = None, s.due
    assert tx.ended is not None
    if tx.ended.due < tx.up_since:  # with its window: what chance put off was not missed
        scheduled, count = catch_up(s.settings, scheduled, tx.up_since, s.created)
        s.missed, s.missed_last, s.missed_at = s.missed + count, count, tx.now
        words = "schedule %s was due %d times%s while Owari was down: invoked once, for %s"
        more = " or more" if count == MISSED_MAX else ""
        news.warning(words, s.arn(tx), count, more, iso(scheduled))
    _fire(tx, s, scheduled)
    following = due_after(s.settings, scheduled, s.created)
    set_timer(tx, s, following)
    if following is None and s.settings["ActionAfterCompletion"] == "DELETE":
        remove(tx, s)
    else:
        rows.save(tx, s)


def _fire(tx: Tx, s: Schedule, scheduled: float) -> None:
    id, target = tx.new_id(), s.settings["Target"]
    tx.run(
        "INSERT INTO scheduler_firing (account, region, id, arn, target, scheduled, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        tx.account, tx.region, id, s.arn(tx), dumps(target), scheduled, tx.now,
    )  # fmt: skip
    row = _firing(tx, id)
    assert row is not None
    try:
        call = _call(tx, row, attempt=1)
    except ServiceError as error:
        _give_up(tx, row, error, "", 0)
        return
    arn = parse_arn(target["Arn"])
    role = target["RoleArn"].rpartition("/")[2]
    tx.emit(
        call,
        reply_to=ReplyTo("scheduler", "delivered", id),
        account=(arn.account if arn else "") or tx.account,
        region=(arn.region if arn else "") or tx.region,
        principal=f"arn:aws:sts::{tx.account}:assumed-role/{role}/{s.name}",
        trace=begin_trace(tx, id, "scheduler:Schedule", s.arn(tx), PRINCIPAL),
    )


def _firing(tx: Tx, id: str) -> Row | None:
    sql = "SELECT * FROM scheduler_firing WHERE id = ?"
    return tx.one(sql, id)


def _input(row: Row, target: dict[str, Any], attempt: int) -> str:
    context = {
        "schedule-arn": row["arn"],
        "scheduled-time": iso(row["scheduled"]),
        "execution-id": row["id"],
        "attempt-number": str(attempt),
    }
    return input_of(target, context, row["account"], row["region"])


def _call(tx: Tx, row: Row, *, attempt: int) -> Call:
    """Raises ServiceError for what can never be called."""
    target = loads(row["target"])
    text = _input(row, target, attempt)
    universal = universal_of(target["Arn"])
    if universal is None:
        return call_for(Delivery(target["Arn"], text, target, tx.endpoint, row["id"]))
    found = operation_of(*universal)
    if found is None:
        raise ServiceError("ValidationException", f"There is no operation {target['Arn']}.")
    try:
        given = parsed(text if "Input" in target else "{}")
        json.dumps(given, ensure_ascii=False).encode()  # no half of a surrogate pair
        params = _read(found.input, given)
    except (ParameterError, ValueError, RecursionError) as error:
        raise ServiceError("ValidationException", str(error)) from None
    return Call(found.service.service, found.name, params)


@reaction("scheduler", "delivered")
def on_delivered(tx: Tx, report: Report) -> None:
    row = _firing(tx, report.key)
    if row is None:
        return
    error = report.error or _failure_within(report.result or {})
    if error is None:
        _forget(tx, row)
        return
    target = loads(row["target"])
    decision = after_failure(
        policy_of(target.get("RetryPolicy")), error, attempt=report.attempt,
        created=row["created"], now=tx.now, chance=tx.random.random(),
    )  # fmt: skip
    if isinstance(decision, Again):
        tx.again(report, due=decision.due, effect=_call(tx, row, attempt=report.attempt + 1))
    else:
        _give_up(tx, row, error, decision.condition, report.attempt - 1)


def _failure_within(result: dict[str, Any]) -> ServiceError | None:
    """Some operations answer well and tell of failures within."""
    entries = [e for e in result.get("Entries", ()) if isinstance(e, dict)]
    for entry in entries if result.get("FailedEntryCount") else ():
        if "ErrorCode" in entry:
            return ServiceError(entry["ErrorCode"], entry.get("ErrorMessage", ""), status=500)
    failures = result.get("failures")
    if failures and not result.get("tasks"):
        reason = str(failures[0].get("reason", ""))
        return ServiceError("ECS.Failure", reason, status=500)
    return None


def _forget(tx: Tx, row: Row) -> None:
    tx.run("DELETE FROM scheduler_firing WHERE id = ?", row["id"])


def _give_up(tx: Tx, row: Row, error: ServiceError, condition: str, retries: int) -> None:
    target = loads(row["target"])
    log.warning("schedule %s could not invoke %s: %s", row["arn"], target["Arn"], error)
    _forget(tx, row)
    queue = parse_arn(target.get("DeadLetterConfig", {}).get("Arn", ""))
    if queue is None:
        return
    told = dead_letter_attributes(row["arn"], target["Arn"], error, condition, retries)
    tx.emit(
        Call(
            "sqs",
            "SendMessage",
            {
                "QueueUrl": queue_url(tx.endpoint, target["DeadLetterConfig"]["Arn"]),
                "MessageBody": _input(row, target, retries + 1)[:BODY_MAX],
                "MessageAttributes": {
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in told.items()
                },
            },
        ),
        account=queue.account,
        region=queue.region,
        principal=PRINCIPAL,
    )
