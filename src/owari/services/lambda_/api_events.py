"""Asynchronous invocations on their way: prepared when due, retried, given up, reported.

The decisions are core.py's; here they become effects. Everything an attempt changes, its retry
or its dead letter included, commits together with the end of the attempt.
"""

from __future__ import annotations

import logging
from typing import Any

from owari.arn import parse_arn
from owari.effects import Call, DueRun, ReplyTo, Report, Run
from owari.services.lambda_ import sql
from owari.services.lambda_.answers import payload_of
from owari.services.lambda_.core import (
    BACKOFF_MAX_S,
    MINIMUM_EVENT_AGE_S,
    Again,
    Condition,
    Done,
    Event,
    GiveUp,
    is_too_old,
    on_attempt_ended,
)
from owari.services.lambda_.model import Config
from owari.services.lambda_.names import LATEST, function_arn, is_alias
from owari.services.lambda_.records import (
    Response,
    dead_letter,
    deliver_record,
    error_message,
    invocation_record,
)
from owari.services.lambda_.spec import spec_for
from owari.store.tx import Tx
from owari.wire.operation import prepares, reaction

log = logging.getLogger("owari.lambda")

DELIVERY_ATTEMPTS = 20  # of a dead letter or record whose target answers with a server error


# ---- before an attempt
@prepares("lambda")
def prepare_invocation(tx: Tx, due: DueRun) -> dict[str, Any] | None:
    """The spec, with the configuration as of now; None when the event is not to be run."""
    event = Event(**due.payload)
    qualifier = event.qualifier or LATEST
    found = sql.deployed(tx, event.name, qualifier, event.draw)
    if found is None:
        log.warning("event %s dropped: no function %s:%s", event.request_id, event.name, qualifier)
        return None
    if found.reserved == 0:  # straight to the dead letters, without retries
        give_up(tx, event, "ZeroReservedConcurrency", None)
        return None
    if tx.now - event.received > MINIMUM_EVENT_AGE_S and _expired(tx, event):
        give_up(tx, event, "EventAgeExceeded", None)
        return None
    return spec_for(
        found,
        event.qualifier or None,
        payload=event.payload.encode(),
        request_id=event.request_id,
        trace_id=tx.trace_id,
        durable=True,
    )


def _expired(tx: Tx, event: Event) -> bool:
    """An attempt that is due is only refused for an age the function sets itself: AWS is never
    down for hours, Owari may have been, and nothing is to be lost by that."""
    row = sql.event_invoke(tx, event.name, event.qualifier or LATEST)
    if row is None or row["max_age_s"] is None:
        return False
    return is_too_old(event, tx.now, sql.event_policy(row))


# ---- after an attempt
@reaction("lambda", "invocation")
def on_invocation_ended(tx: Tx, report: Report) -> None:
    assert tx.ended is not None and isinstance(tx.ended.effect, Run)
    assert report.result is not None, "a run reports, it does not fail"
    event = Event(**tx.ended.effect.payload)
    config = sql.event_invoke(tx, event.name, event.qualifier or LATEST)
    response = _response(tx, event, report.result)
    status, policy = _status(response, report.result), sql.event_policy(config)
    decision = on_attempt_ended(event, status, tx.now, policy)
    match decision:
        case Done(event):
            succeeded(tx, event, response)
        case Again(due, event):
            tx.again(report, due=due, effect=Run("lambda", event.as_json()))
        case GiveUp(condition, event):
            give_up(tx, event, condition, response)


def succeeded(tx: Tx, event: Event, response: Response) -> None:
    """Tell the function's on-success destination, where it has one."""
    config = sql.event_invoke(tx, event.name, event.qualifier or LATEST)
    if config is not None and config["on_success"]:
        _send_record(tx, event, config["on_success"], "Success", response)


def _status(response: Response, report: dict[str, Any]) -> str:
    """An answer that is too large makes a function error of a success."""
    return "error" if response.function_error else str(report["status"])


def _response(tx: Tx, event: Event, report: dict[str, Any]) -> Response:
    version = _executed(tx, event)
    match report["status"]:
        case "ok" | "error":
            payload, failed = payload_of(report, tx.limits.function_response_max_bytes)
            text = payload.decode("utf-8", "replace")
            if not failed:
                return Response(200, version, text)
            return Response(200, version, text, "Unhandled", error_message(text))
        case "throttled":
            return Response(429, version, message="Rate Exceeded.")
        case _:
            return Response(500, version, message=report["message"])


def _executed(tx: Tx, event: Event) -> str:
    """The version that an attempt was prepared with, or would be now if its alias has moved."""
    qualifier = event.qualifier or LATEST
    if not is_alias(qualifier):
        return qualifier
    found = sql.deployed(tx, event.name, qualifier, event.draw)
    return found.version if found else qualifier


def give_up(tx: Tx, event: Event, condition: Condition, response: Response | None) -> None:
    """Send the event to the function's dead-letter target and its on-failure destination.

    A function that was deleted meanwhile has neither.
    """
    config = _config(tx, event)
    if target := config.get("DeadLetterConfig", {}).get("TargetArn"):
        _send(tx, dead_letter(event, target, response, tx.endpoint), target, event, config)
    row = sql.event_invoke(tx, event.name, event.qualifier or LATEST)
    if row is not None and row["on_failure"]:
        _send_record(tx, event, row["on_failure"], condition, response)
    log.info("event %s for %s given up: %s", event.request_id, event.name, condition)


def _config(tx: Tx, event: Event) -> Config:
    version = sql.version(tx, event.name, event.qualifier or LATEST)
    return version.config if version else {}


def _send_record(
    tx: Tx, event: Event, destination: str, condition: str, response: Response | None
) -> None:
    arn = function_arn(tx.account, tx.region, event.name, event.qualifier or LATEST)
    record = invocation_record(event, arn, condition, response, tx.now)
    call = deliver_record(record, destination, tx.endpoint, event.name, tx.new_id())
    _send(tx, call, destination, event, _config(tx, event))


def _send(tx: Tx, call: Call, target: str, event: Event, config: Config) -> None:
    """Delivered with the function's execution role, in the target's region."""
    arn = parse_arn(target)
    role = parse_arn(config["Role"]) if "Role" in config else None
    session = f"{role.resource.rsplit('/', 1)[-1]}/{event.name}" if role else event.name
    tx.emit(
        call,
        reply_to=ReplyTo("lambda", "delivery", event.request_id),
        region=arn.region if arn and arn.region else tx.region,
        principal=f"arn:aws:sts::{tx.account}:assumed-role/{session}",
    )


@reaction("lambda", "delivery")
def on_delivered(tx: Tx, report: Report) -> None:
    """A target that refuses is a delivery failure; one that is in trouble is tried again."""
    error = report.error
    if error is None:
        return
    status = error.status or 400
    in_trouble = status == 429 or (status >= 500 and status != 501)
    if in_trouble and report.attempt < DELIVERY_ATTEMPTS:
        tx.again(report, due=tx.now + min(2.0 ** (report.attempt - 1), BACKOFF_MAX_S))
        return
    log.warning("what became of event %s could not be delivered: %s", report.key, error)
