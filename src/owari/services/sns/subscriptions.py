"""Subscriptions: listed, described, changed."""

from __future__ import annotations

from dataclasses import replace

from owari.services.sns import rows
from owari.services.sns.core import Subscription, Topic, subscription_key
from owari.services.sns.faults import invalid, no_subscription
from owari.services.sns.paging import place_of, token_for
from owari.services.sns.subscription_attributes import NAMES, checked, described, normal
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


def _found(tx: Tx, arn: str) -> tuple[Subscription, Topic]:
    subscription = rows.find_subscription(tx, subscription_key(arn))
    if subscription is None or subscription.status == "deleted":
        raise no_subscription()
    topic = rows.find_topic(tx, subscription.key.topic)
    assert topic is not None, "a topic takes its subscriptions with it"
    return subscription, topic


def _listed(found: list[Subscription]) -> list[dict[str, str]]:
    return [
        {
            "SubscriptionArn": "PendingConfirmation" if s.status == "pending" else s.arn,
            "Owner": s.owner,
            "Protocol": s.protocol,
            "Endpoint": s.endpoint,
            "TopicArn": s.key.topic.arn,
        }
        for s in found
    ]


@operation("sns", "ListSubscriptions", reads=True)
def list_subscriptions(tx: Tx, p: Params) -> Result:
    topic, id = place_of(p.get("NextToken"), 2)
    found = rows.subscriptions_of_owner(tx, topic, id)
    page = found[: rows.PAGE]
    answer: dict[str, object] = {"Subscriptions": _listed(page)}
    if len(found) > rows.PAGE:
        answer["NextToken"] = token_for([page[-1].key.topic.name, page[-1].key.id])
    return answer


@operation("sns", "ListSubscriptionsByTopic", reads=True)
def list_subscriptions_by_topic(tx: Tx, p: Params) -> Result:
    topic = rows.topic_of(tx, p["TopicArn"])
    found = rows.subscriptions_of_topic(tx, topic.key, *place_of(p.get("NextToken"), 1))
    page = found[: rows.PAGE]
    answer: dict[str, object] = {"Subscriptions": _listed(page)}
    if len(found) > rows.PAGE:
        answer["NextToken"] = token_for([page[-1].key.id])
    return answer


@operation("sns", "GetSubscriptionAttributes", reads=True)
def get_subscription_attributes(tx: Tx, p: Params) -> Result:
    return {"Attributes": described(*_found(tx, p["SubscriptionArn"]))}


@operation("sns", "SetSubscriptionAttributes")
def set_subscription_attributes(tx: Tx, p: Params) -> Result:
    subscription, topic = _found(tx, p["SubscriptionArn"])
    name, value = p["AttributeName"], p.get("AttributeValue") or ""
    if name not in NAMES:
        raise invalid("AttributeName")
    # A filter policy and its scope are checked together; an old one that no longer fits the
    # new scope is refused as AWS refuses it.
    checked(_filter_of(subscription) | {name: value}, subscription.protocol, topic.fifo)
    attributes = normal(subscription.attributes | {name: value})
    rows.put_subscription(tx, replace(subscription, attributes=attributes))
    return None


def _filter_of(subscription: Subscription) -> dict[str, str]:
    names = ("FilterPolicy", "FilterPolicyScope")
    return {
        name: subscription.attributes[name] for name in names if name in subscription.attributes
    }
