"""Deliveries: one effect for each target, tried again when it fails, then a dead letter.

An event that may become a dead letter is kept (`events_letter`) until its delivery has ended.
"""

from __future__ import annotations

import json
from typing import Any

from owari.arn import Arn, parse_arn, queue_url
from owari.effects import Call, Effect, Http, ReplyTo, Report, Wake
from owari.errors import ServiceError
from owari.services.events import outside, rows
from owari.services.events.core import PRINCIPAL, RuleKey, iso_time, rule_key
from owari.services.events.failures import Failure, failure_of, web_failure
from owari.services.events.inputs import text_for
from owari.services.events.letters import letter
from owari.store.tx import Tx
from owari.targets.calls import Delivery, call_for
from owari.targets.retrying import Again, GivenUp, after_failure, policy_of
from owari.wire.operation import reaction


def deliver(
    tx: Tx,
    rule: RuleKey,
    target: dict[str, Any],
    event: dict[str, Any],
    text: str,
    *,
    forwarded: bool,
) -> None:
    """`text` is the event as JSON."""
    arn = parse_arn(target["Arn"])
    assert arn is not None, "PutTargets admits ARNs only"
    onward = arn.resource.startswith("event-bus/")
    if onward and forwarded:
        return
    if onward:
        effect: Effect | Failure = Wake({"bus": target["Arn"], "event": text})
    else:
        sent = text_for(target, event, text, rule.arn, iso_time(tx.now))
        effect = _effect(tx, arn, target, sent, event["id"])
    if isinstance(effect, Failure):
        _bury(tx, rule, target, text, effect, retries=0, exhausted=None)
        return
    kept = _keep(tx, text) if target.get("DeadLetterConfig") else ""
    tx.emit(
        effect,
        reply_to=ReplyTo("events", _topic(effect), json.dumps([rule.arn, target["Id"], kept])),
        account=arn.account or rule.bus.account,
        region=arn.region or rule.bus.region,
        principal=PRINCIPAL,
    )


def _effect(tx: Tx, arn: Arn, target: dict[str, Any], sent: str, id: str) -> Effect | Failure:
    if arn.resource.startswith("api-destination/"):
        return outside.request(tx, target, sent)
    try:
        return call_for(Delivery(target["Arn"], sent, target, tx.endpoint, id, tx.now))
    except ServiceError as error:
        return failure_of(error)


def _topic(effect: Effect) -> str:
    return "forward" if isinstance(effect, Wake) else "delivery"


# ---- how it ended
@reaction("events", "delivery")
def on_delivery_ended(tx: Tx, report: Report) -> None:
    assert tx.ended is not None
    effect = tx.ended.effect
    if _lacks_stream(effect, report):
        assert isinstance(effect, Call)
        _make_stream(tx, effect)
        tx.again(report, due=tx.now)
    elif isinstance(effect, Http):
        settle(tx, report, web_failure(report))
    else:
        settle(tx, report, report.error)


def settle(tx: Tx, report: Report, error: ServiceError | Failure | None) -> None:
    """The delivery ended, well when `error` is None."""
    arn, id, kept = json.loads(report.key)
    rule = rule_key(arn)
    assert rule is not None
    target = rows.find_target(tx, rule, id)
    if error is None or target is None:  # or nobody is to be told any more
        _drop(tx, kept)
        return
    failure = failure_of(error) if isinstance(error, ServiceError) else error
    decision = _decision(tx, report, target, failure)
    if isinstance(decision, Again):
        tx.again(report, due=decision.due)
        return
    text = _drop(tx, kept)
    if text is not None:
        told, retries = decision.condition or None, report.attempt - 1
        _bury(tx, rule, target, text, failure, retries=retries, exhausted=told)


def _decision(tx: Tx, report: Report, target: dict[str, Any], failure: Failure) -> Again | GivenUp:
    assert tx.ended is not None
    return after_failure(
        policy_of(target.get("RetryPolicy")),
        ServiceError(failure.code, failure.message, status=503 if failure.transient else 400),
        attempt=report.attempt,
        created=tx.ended.created,
        now=tx.now,
        chance=tx.random.random(),
    )


# ---- log groups: their stream is made when it is first written to
def _lacks_stream(effect: Effect, report: Report) -> bool:
    return (
        isinstance(effect, Call)
        and effect.service == "logs"
        and report.attempt == 1
        and report.error is not None
        and report.error.code == "ResourceNotFoundException"
        and "stream" in report.error.message
    )


def _make_stream(tx: Tx, call: Call) -> None:
    names = {name: call.params[name] for name in ("logGroupName", "logStreamName")}
    try:
        tx.call("logs", "CreateLogStream", names)
    except ServiceError:
        return  # the second try will say why


# ---- dead letters
def _keep(tx: Tx, text: str) -> str:
    id = tx.new_id()
    tx.run("INSERT INTO events_letter (id, event) VALUES (?, ?)", id, text)
    return id


def _drop(tx: Tx, kept: str) -> str | None:
    """The event that was kept."""
    row = tx.one("SELECT event FROM events_letter WHERE id = ?", kept) if kept else None
    if row is None:
        return None
    tx.run("DELETE FROM events_letter WHERE id = ?", kept)
    return str(row["event"])


def _bury(
    tx: Tx,
    rule: RuleKey,
    target: dict[str, Any],
    text: str,
    failure: Failure,
    *,
    retries: int,
    exhausted: str | None,
) -> None:
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    arn = parse_arn(queue) if queue else None
    if arn is None:
        return
    message = letter(rule.arn, target["Arn"], text, failure, retries, exhausted)
    tx.emit(
        Call("sqs", "SendMessage", {"QueueUrl": queue_url(tx.endpoint, queue), **message}),
        account=arn.account,
        region=arn.region,
        principal=PRINCIPAL,
    )
