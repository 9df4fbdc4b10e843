"""Subscribe, the confirmation of web endpoints, Unsubscribe.

A web endpoint is pending until the token that was posted to it comes back. A deleted
subscription is kept for two days: until then the token of its UnsubscribeConfirmation restores it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

from owari.effects import Http, ReplyTo, Report, Wake
from owari.errors import ServiceError
from owari.services.sns import rows
from owari.services.sns.core import (
    CONFIRMATION_LIFE_S,
    Subscription,
    SubscriptionKey,
    Topic,
    subscription_key,
    topic_key,
)
from owari.services.sns.endpoints import MAIL, WEB, check_endpoint
from owari.services.sns.envelope import confirmation, headers, subscribe_url, text_of
from owari.services.sns.faults import invalid, no_topic
from owari.services.sns.subscription_attributes import checked
from owari.store.resources import Resources
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation, reaction

PRINCIPAL = "sns.amazonaws.com"
TYPE = "AWS::SNS::Subscription"


@operation("sns", "Subscribe")
def subscribe(tx: Tx, p: Params) -> Result:
    topic = rows.topic_of(tx, p["TopicArn"])
    protocol, endpoint = p["Protocol"], p.get("Endpoint") or ""
    check_endpoint(protocol, endpoint, topic.fifo)
    given: dict[str, str] = p.get("Attributes") or {}
    attributes = checked(given, protocol, topic.fifo, "Attributes Reason: ")
    subscription = rows.find_by_endpoint(tx, topic.key, protocol, endpoint)
    if subscription is None:
        subscription = _create(tx, topic, protocol, endpoint, attributes)
    elif any(subscription.attributes.get(name) != attributes.get(name) for name in given):
        raise invalid("Attributes Reason: Subscription already exists with different attributes")
    if subscription.status == "pending" and protocol in WEB:
        _ask_to_confirm(tx, subscription, "SubscriptionConfirmation")
    if subscription.status == "pending" and not p.get("ReturnSubscriptionArn"):
        return {"SubscriptionArn": "pending confirmation"}
    return {"SubscriptionArn": subscription.arn}


def _create(
    tx: Tx, topic: Topic, protocol: str, endpoint: str, attributes: dict[str, str]
) -> Subscription:
    key = SubscriptionKey(topic.key, tx.new_id())
    pending = protocol in WEB or protocol in MAIL
    seq = tx.next_seq()
    subscription = Subscription(
        key=key,
        protocol=protocol,
        endpoint=endpoint,
        owner=tx.account,
        principal=tx.principal,
        status="pending" if pending else "confirmed",
        authenticated=not pending,
        token=_token(tx, key, seq) if pending else "",
        attributes=attributes,
        seq=seq,
    )
    rows.put_subscription(tx, subscription)
    tx.resources.created(key.arn, TYPE)
    if pending:
        _expire(tx, subscription)
    return subscription


def _token(tx: Tx, key: SubscriptionKey, seq: int) -> str:
    """Known only to those it is posted to: it cannot be made without the data folder's secret."""
    text = f"sns-confirmation:{key.arn}:{seq}"
    return "2336412f37" + hmac.new(tx.issuer.secret, text.encode(), hashlib.sha512).hexdigest()


def _expire(tx: Tx, subscription: Subscription) -> None:
    """Have it forgotten if this token is still unused in two days."""
    tx.emit(
        Wake({"token": subscription.token}),
        due=tx.now + CONFIRMATION_LIFE_S,
        reply_to=ReplyTo("sns", "expired", subscription.arn),
        principal=PRINCIPAL,
    )


@reaction("sns", "expired")
def on_confirmation_expired(tx: Tx, report: Report) -> None:
    subscription = rows.find_subscription(tx, subscription_key(report.key))
    if subscription is None or subscription.token != (report.result or {}).get("token"):
        return
    if subscription.status != "confirmed":
        rows.delete_subscription(tx, subscription.key)
        if subscription.status == "pending":
            _resources(tx, subscription).deleted(subscription.arn)


def _resources(tx: Tx, subscription: Subscription) -> Resources:
    """A confirming request is not signed and may come as any account and region."""
    return Resources(tx.connection, subscription.owner, subscription.key.topic.region, tx.now)


def _ask_to_confirm(tx: Tx, subscription: Subscription, kind: str) -> None:
    topic_arn = subscription.key.topic.arn
    unsubscribed = kind == "UnsubscribeConfirmation"
    message_id = tx.new_id()
    url = subscribe_url(tx.endpoint, topic_arn, subscription.token)
    about = subscription.arn if unsubscribed else topic_arn
    body = confirmation(kind, message_id, about, topic_arn, url, subscription.token, tx.now)
    sent = headers(kind, message_id, topic_arn, subscription.arn if unsubscribed else None)
    tx.emit(
        Http("POST", subscription.endpoint, sent, text_of(body).encode()),
        reply_to=ReplyTo("sns", "confirmation", subscription.arn),
        principal=PRINCIPAL,
    )


@operation("sns", "ConfirmSubscription")
def confirm_subscription(tx: Tx, p: Params) -> Result:
    """Whoever has the token may confirm, from any region: the posted URL carries no signature."""
    key = topic_key(p["TopicArn"])
    if rows.find_topic(tx, key) is None:
        raise no_topic()
    subscription = rows.find_by_token(tx, key, p["Token"]) if p["Token"] else None
    if subscription is None:
        raise invalid("Token")
    if subscription.status == "confirmed":
        return {"SubscriptionArn": subscription.arn}
    if subscription.status == "deleted":
        newer = rows.find_by_endpoint(tx, key, subscription.protocol, subscription.endpoint)
        if newer is not None:
            return {"SubscriptionArn": newer.arn}
    signed = (p.get("AuthenticateOnUnsubscribe") or "false").lower() == "true"
    rows.put_subscription(tx, replace(subscription, status="confirmed", authenticated=signed))
    _resources(tx, subscription).created(subscription.arn, TYPE)
    return {"SubscriptionArn": subscription.arn}


@operation("sns", "Unsubscribe")
def unsubscribe(tx: Tx, p: Params) -> Result:
    """Unsubscribing what does not exist succeeds."""
    subscription = rows.find_subscription(tx, subscription_key(p["SubscriptionArn"]))
    if subscription is None or subscription.status == "deleted":
        return None
    if subscription.authenticated and tx.principal == "anonymous":
        raise ServiceError("AuthorizationError", "Authenticated unsubscribe required", status=403)
    deleted = replace(
        subscription, status="deleted", token=_token(tx, subscription.key, tx.next_seq())
    )
    rows.put_subscription(tx, deleted)
    _resources(tx, deleted).deleted(deleted.arn)
    _expire(tx, deleted)
    if subscription.status == "confirmed" and subscription.protocol in WEB:
        _ask_to_confirm(tx, deleted, "UnsubscribeConfirmation")
    return None
