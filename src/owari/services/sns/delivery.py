"""After a delivery: done, tried again, or put into the subscription's dead-letter queue."""

from __future__ import annotations

import json
from typing import Any

from owari.arn import parse_arn, queue_url
from owari.effects import Call, Effect, Http, Report
from owari.services.sns import rows
from owari.services.sns.core import Subscription, Topic, subscription_key
from owari.services.sns.delivery_policy import effective, managed_delay_s
from owari.services.sns.envelope import notification_of_event, text_of
from owari.services.sns.failures import Ended, ended
from owari.services.sns.fanout import PRINCIPAL
from owari.services.sns.subscription_attributes import dead_letter_queue
from owari.store.tx import Tx
from owari.wire.operation import reaction


@reaction("sns", "delivery")
def on_delivery_ended(tx: Tx, report: Report) -> None:
    _react(tx, report, dead_letters=True)


@reaction("sns", "confirmation")
def on_confirmation_posted(tx: Tx, report: Report) -> None:
    _react(tx, report, dead_letters=False)


def _react(tx: Tx, report: Report, *, dead_letters: bool) -> None:
    assert tx.ended is not None
    effect = tx.ended.effect
    how = ended(effect, report)
    if how is Ended.DELIVERED:
        return
    subscription = rows.find_subscription(tx, subscription_key(report.key))
    topic = rows.find_topic(tx, subscription.key.topic) if subscription else None
    if subscription is None or topic is None or (dead_letters and subscription.status == "deleted"):
        return  # nobody is subscribed any more
    delay_s = None
    if how is Ended.SERVER_ERROR:
        delay_s = retry_delay_s(topic, subscription, report.attempt)
    if delay_s is not None:
        tx.again(report, due=tx.now + delay_s)
    elif dead_letters:
        _bury(tx, subscription, effect)


def retry_delay_s(topic: Topic, subscription: Subscription, retry: int) -> float | None:
    """The wait before retry number `retry`; None when the delivery policy is exhausted."""
    if subscription.protocol in ("lambda", "sqs"):
        return managed_delay_s(retry)
    policy = effective(
        topic.attributes.get("DeliveryPolicy"), subscription.attributes.get("DeliveryPolicy")
    )
    return policy.retry.delay_s(retry)


def _bury(tx: Tx, subscription: Subscription, effect: Effect) -> None:
    target = dead_letter_queue(subscription.attributes)
    arn = parse_arn(target) if target else None
    if target is None or arn is None:
        return
    tx.emit(
        Call("sqs", "SendMessage", {"QueueUrl": queue_url(tx.endpoint, target), **_letter(effect)}),
        account=arn.account,
        region=arn.region,
        principal=PRINCIPAL,
    )


def _letter(effect: Effect) -> dict[str, Any]:
    """What the dead-letter queue gets: the message as it would have been delivered to a queue."""
    match effect:
        case Call("lambda", _, params):
            event = json.loads(params["Payload"])
            return {"MessageBody": text_of(notification_of_event(event))}
        case Call(_, _, params):
            return {name: value for name, value in params.items() if name != "QueueUrl"}
        case Http():
            return {"MessageBody": effect.body.decode()}
        case _:
            raise AssertionError(f"not a delivery: {effect}")
