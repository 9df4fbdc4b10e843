"""What may be set on a subscription, and what is told about it. Pure.

Source: SNS API Reference, Subscribe, SetSubscriptionAttributes, GetSubscriptionAttributes.
"""

from __future__ import annotations

import json

from owari.arn import parse_arn
from owari.services.sns.core import Subscription, Topic, compact
from owari.services.sns.delivery_policy import (
    DeliveryPolicyError,
    check_subscription_policy,
    effective,
    subscription_document,
)
from owari.services.sns.faults import beyond_owari, invalid
from owari.services.sns.filter_policy import FilterPolicyError, compile_policy

NAMES = frozenset(
    ("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")
)
SCOPES = ("MessageAttributes", "MessageBody")


class Refused(ValueError):
    """Why an attribute cannot be set: the text after `Invalid parameter: `."""


def checked(
    attributes: dict[str, str], protocol: str, topic_fifo: bool, prefix: str = ""
) -> dict[str, str]:
    """The attributes as they are kept; `prefix` comes before each reason of refusal."""
    if attributes.get("ReplayPolicy"):
        raise beyond_owari("the ReplayPolicy of subscriptions")
    try:
        for name in attributes:
            if name not in NAMES:
                raise Refused(f"Unknown attribute: {name}" if prefix else "AttributeName")
        _check_raw(attributes.get("RawMessageDelivery"), protocol)
        _check_filter(attributes)
        _check_redrive(attributes.get("RedrivePolicy"), topic_fifo)
        _check_delivery(attributes.get("DeliveryPolicy"), protocol)
    except Refused as reason:
        raise invalid(f"{prefix}{reason}") from None
    return normal(attributes)


def normal(attributes: dict[str, str]) -> dict[str, str]:
    """Without what says no more than the default."""
    kept = {name: value for name, value in attributes.items() if value not in ("", "{}")}
    if kept.get("RawMessageDelivery", "").lower() == "false":
        del kept["RawMessageDelivery"]
    elif "RawMessageDelivery" in kept:
        kept["RawMessageDelivery"] = "true"
    if kept.get("FilterPolicyScope") == SCOPES[0]:
        del kept["FilterPolicyScope"]
    return kept


def _check_raw(value: str | None, protocol: str) -> None:
    if value is None:
        return
    if value.lower() not in ("true", "false"):
        raise Refused(f"RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
    if value.lower() == "true" and protocol not in ("sqs", "http", "https"):
        raise Refused(
            f"RawMessageDelivery: Delivery protocol [{protocol}]"
            " does not support raw message delivery."
        )


def _check_filter(attributes: dict[str, str]) -> None:
    scope = attributes.get("FilterPolicyScope") or SCOPES[0]
    if scope not in SCOPES:
        raise Refused(
            f"FilterPolicyScope: Invalid value [{scope}]."
            " Please use either MessageBody or MessageAttributes"
        )
    policy = attributes.get("FilterPolicy")
    if not policy:
        return
    try:
        compile_policy(policy, scope)
    except FilterPolicyError as error:
        raise Refused(f"FilterPolicy: {error}") from None


def _check_redrive(value: str | None, topic_fifo: bool) -> None:
    if not value:
        return
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        raise Refused("RedrivePolicy: failed to parse JSON.") from None
    if not isinstance(document, dict) or not document.keys() <= {"deadLetterTargetArn"}:
        raise Refused("RedrivePolicy: failed to parse JSON.")
    target = document.get("deadLetterTargetArn")
    if target is None and not document:
        return
    arn = parse_arn(target) if isinstance(target, str) else None
    if arn is None or arn.service != "sqs" or not arn.account or not arn.resource:
        raise Refused("RedrivePolicy: deadLetterTargetArn is an invalid arn")
    if arn.resource.endswith(".fifo") and not topic_fifo:
        raise Refused(
            "RedrivePolicy: must use a standard queue as DLQ for a subscription to a standard topic"
        )


def _check_delivery(value: str | None, protocol: str) -> None:
    if not value:
        return
    if protocol not in ("http", "https"):
        raise Refused(
            f"DeliveryPolicy: Delivery protocol [{protocol}] does not support delivery policies."
        )
    try:
        check_subscription_policy(value)
    except DeliveryPolicyError as error:
        raise Refused(f"DeliveryPolicy: {error}") from None


def dead_letter_queue(attributes: dict[str, str]) -> str | None:
    """The ARN of the subscription's dead-letter queue."""
    policy = attributes.get("RedrivePolicy")
    document: dict[str, str] = json.loads(policy) if policy else {}
    return document.get("deadLetterTargetArn")


def described(subscription: Subscription, topic: Topic) -> dict[str, str]:
    """Everything GetSubscriptionAttributes answers."""
    answer = {
        "SubscriptionPrincipal": subscription.principal,
        "Endpoint": subscription.endpoint,
        "Owner": subscription.owner,
        "RawMessageDelivery": "false",
        "TopicArn": topic.arn,
        "Protocol": subscription.protocol,
        "PendingConfirmation": "true" if subscription.status == "pending" else "false",
        "ConfirmationWasAuthenticated": "true" if subscription.authenticated else "false",
        "SubscriptionArn": subscription.arn,
    }
    if "FilterPolicy" in subscription.attributes:
        answer["FilterPolicyScope"] = SCOPES[0]
    if subscription.protocol in ("http", "https"):
        policy = effective(
            topic.attributes.get("DeliveryPolicy"), subscription.attributes.get("DeliveryPolicy")
        )
        answer["EffectiveDeliveryPolicy"] = compact(subscription_document(policy))
    return answer | subscription.attributes
