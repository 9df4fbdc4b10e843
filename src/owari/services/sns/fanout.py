"""One effect for every subscription that a message matches, in the transaction of its Publish.

A topic with very many subscriptions is served in slices, each its own transaction, so that one
Publish cannot hold up the writer; the slices carry the message with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.arn import parse_arn, queue_url
from owari.effects import Call, Effect, Http, ReplyTo, Report, Wake
from owari.patterns.matching import TooManySteps
from owari.services.sns import rows
from owari.services.sns.core import Subscription, Topic, topic_key
from owari.services.sns.delivery_policy import effective
from owari.services.sns.envelope import (
    function_event,
    headers,
    notification,
    text_of,
    unsubscribe_url,
)
from owari.services.sns.faults import invalid
from owari.services.sns.filter_match import attributes_pass, body_passes
from owari.services.sns.filter_policy import compile_policy
from owari.services.sns.message import Message
from owari.store.encode import dumps
from owari.store.tx import Tx
from owari.wire.operation import reaction

PRINCIPAL = "sns.amazonaws.com"
SLICE = 200  # subscriptions per transaction


def send(tx: Tx, topic: Topic, message: Message, *, until: int) -> None:
    """To the subscriptions that existed when the message was published (`until`)."""
    try:
        _send_slice(tx, topic, message, passes, after=0, until=until)
    except TooManySteps:
        raise invalid("Message Reason: it has too many values to filter") from None


def _send_slice(
    tx: Tx,
    topic: Topic,
    message: Message,
    judge: Callable[[Subscription, Message], bool],
    *,
    after: int,
    until: int,
) -> None:
    """Every filter is tried before anything is written."""
    found = rows.receivers(tx, topic.key, after, until, SLICE + 1)
    for subscription in [s for s in found[:SLICE] if judge(s, message)]:
        _emit(tx, topic, subscription, message)
    if len(found) > SLICE:
        rest = {"message": message.as_json(), "after": found[SLICE - 1].seq, "until": until}
        tx.emit(Wake(rest), reply_to=ReplyTo("sns", "fanout", topic.arn), principal=PRINCIPAL)


@reaction("sns", "fanout")
def on_slice_due(tx: Tx, report: Report) -> None:
    topic = rows.find_topic(tx, topic_key(report.key))
    rest: dict[str, Any] = report.result or {}
    if topic is not None:
        message = Message(**rest["message"])
        _send_slice(tx, topic, message, _passes_in_time, after=rest["after"], until=rest["until"])


def passes(subscription: Subscription, message: Message) -> bool:
    text = subscription.attributes.get("FilterPolicy")
    if not text:
        return True
    scope = subscription.attributes.get("FilterPolicyScope", "MessageAttributes")
    policy = compile_policy(text, scope)
    if scope == "MessageBody":
        return body_passes(policy, message.body_for(subscription.protocol))
    return attributes_pass(policy, message.attributes)


def _passes_in_time(subscription: Subscription, message: Message) -> bool:
    """In a later slice the publisher has gone: a filter that cannot be tried does not pass."""
    try:
        return passes(subscription, message)
    except TooManySteps:
        return False


def _emit(tx: Tx, topic: Topic, subscription: Subscription, message: Message) -> None:
    target = parse_arn(subscription.endpoint)
    ordered = topic.fifo and message.group is not None
    tx.emit(
        delivery(tx.endpoint, topic, subscription, message),
        reply_to=ReplyTo("sns", "delivery", subscription.arn),
        order_key=f"{subscription.arn}/{message.group}" if ordered else None,
        account=target.account if target else topic.key.account,
        region=target.region if target else topic.key.region,
        principal=PRINCIPAL,
    )


def delivery(endpoint: str, topic: Topic, subscription: Subscription, message: Message) -> Effect:
    """`endpoint` is where Owari is reached: unsubscribe links and queue URLs start with it."""
    link = unsubscribe_url(endpoint, subscription.arn)
    match subscription.protocol:
        case "lambda":
            event = function_event(message, subscription.arn, link)
            return Call(
                "lambda",
                "Invoke",
                {
                    "FunctionName": subscription.endpoint,
                    "InvocationType": "Event",
                    "Payload": dumps(event).encode(),
                },
            )
        case "sqs":
            return _to_queue(endpoint, subscription, message, link)
        case _:
            return _to_web(topic, subscription, message, link)


def _to_queue(endpoint: str, subscription: Subscription, message: Message, link: str) -> Call:
    params: dict[str, Any] = {"QueueUrl": queue_url(endpoint, subscription.endpoint)}
    if subscription.raw:
        params["MessageBody"] = message.body_for("sqs")
        if message.attributes:
            params["MessageAttributes"] = message.attributes
    else:
        params["MessageBody"] = text_of(notification(message, "sqs", link))
    fifo_queue = subscription.endpoint.endswith(".fifo")
    if message.group is not None and (fifo_queue or message.sequence is None):
        params["MessageGroupId"] = message.group
    if message.deduplication is not None and fifo_queue:
        params["MessageDeduplicationId"] = message.deduplication
    return Call("sqs", "SendMessage", params)


def _to_web(topic: Topic, subscription: Subscription, message: Message, link: str) -> Http:
    policy = effective(
        topic.attributes.get("DeliveryPolicy"), subscription.attributes.get("DeliveryPolicy")
    )
    sent = headers(
        "Notification",
        message.id,
        topic.arn,
        subscription.arn,
        raw=subscription.raw,
        content_type=policy.content_type,
    )
    if subscription.raw:
        body = message.body_for(subscription.protocol)
    else:
        body = text_of(notification(message, subscription.protocol, link))
    return Http("POST", subscription.endpoint, sent, body.encode())
