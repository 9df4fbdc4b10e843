"""Deliveries: one effect for each target, tried again when it fails, then a dead letter.

An event that may become a dead letter is kept (`events_letter`) until its delivery has ended.
"""

from __future__ import annotations

import json
from typing import Any

from owari.arn import parse_arn
from owari.effects import Call, Effect, Http, ReplyTo, Report, Wake
from owari.errors import ServiceError
from owari.services.events import outside, rows
from owari.services.events.core import PRINCIPAL, RuleKey, iso_time, rule_key
from owari.services.events.failures import Failure, failure_of, retry_delay_s, web_failure
from owari.services.events.inputs import text_for
from owari.services.events.letters import letter
from owari.store.tx import Tx
from owari.targets import BadInput, call_to, kind_of, queue_url
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
    kind = kind_of(target["Arn"])
    if kind == "events" and forwarded:
        return
    sent = text_for(target, event, text, rule.arn, iso_time(tx.now))
    effect = _effect(tx, kind, target, sent, event)
    if isinstance(effect, Failure):
        _bury(tx, rule, target, text, effect, retries=0, exhausted=None)
        return
    kept = _keep(tx, text) if target.get("DeadLetterConfig") else ""
    arn = parse_arn(target["Arn"])
    assert arn is not None, "PutTargets admits ARNs only"
    tx.emit(
        effect,
        reply_to=ReplyTo("events", _topic(effect), json.dumps([rule.arn, target["Id"], kept])),
        account=arn.account or rule.bus.account,
        region=arn.region or rule.bus.region,
        principal=PRINCIPAL,
    )


def _topic(effect: Effect) -> str:
    return "forward" if isinstance(effect, Wake) else "delivery"


def _effect(
    tx: Tx, kind: str | None, target: dict[str, Any], sent: str, event: dict[str, Any]
) -> Effect | Failure:
    if kind == "events":
        return Wake({"bus": target["Arn"], "event": event})
    if kind is None:
        return outside.request(tx, target, sent)
    try:
        return call_to(target, sent, endpoint=tx.endpoint, now=tx.now)
    except BadInput as error:
        return Failure("INVALID_JSON", str(error), transient=False)


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
    policy = target.get("RetryPolicy", {})
    exhausted = None
    if failure.transient:
        due = tx.now + retry_delay_s(report.attempt, tx.random.random())
        exhausted = _exhausted(tx, report, policy, due)
        if exhausted is None:
            tx.again(report, due=due)
            return
    text = _drop(tx, kept)
    if text is not None:
        _bury(tx, rule, target, text, failure, retries=report.attempt - 1, exhausted=exhausted)


def _exhausted(tx: Tx, report: Report, policy: dict[str, Any], due: float) -> str | None:
    """The limit that the next retry would break."""
    assert tx.ended is not None
    if report.attempt > policy.get("MaximumRetryAttempts", 185):
        return "MaximumRetryAttempts"
    if due - tx.ended.created > policy.get("MaximumEventAgeInSeconds", 86_400):
        return "MaximumEventAgeInSeconds"
    return None


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
