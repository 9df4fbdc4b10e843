"""What subscribers receive: the exact shapes of events, envelopes and headers. Pure.

`Signature` and the certificate's URL are empty: AWS signs with a key that only AWS has, and
Owari does not pretend to.
Source: SNS Developer Guide, "Parsing Amazon SNS message formats", "HTTP/HTTPS headers"; Lambda
Developer Guide, "Invoking Lambda functions with Amazon SNS notifications".
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from owari.services.sns.delivery_policy import DEFAULT_CONTENT_TYPE
from owari.services.sns.message import Attribute, Message

AGENT = "Amazon Simple Notification Service Agent"
SIGNATURE_VERSION = "1"


def timestamp(seconds: float) -> str:
    """`2012-04-26T20:06:41.581Z`"""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def unsubscribe_url(endpoint: str, subscription_arn: str) -> str:
    """Nothing in such an ARN needs to be escaped."""
    return f"{endpoint}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}"


def subscribe_url(endpoint: str, topic_arn: str, token: str) -> str:
    query = {"Action": "ConfirmSubscription", "TopicArn": topic_arn, "Token": token}
    return f"{endpoint}/?{urlencode(query, safe=':')}"


def shown_attributes(attributes: dict[str, Attribute]) -> dict[str, dict[str, str]]:
    return {
        name: {
            "Type": a["DataType"],
            "Value": base64.b64encode(a["BinaryValue"]).decode()
            if a.get("BinaryValue")
            else a["StringValue"],
        }
        for name, a in attributes.items()
    }


def function_event(message: Message, subscription_arn: str, unsubscribe: str) -> dict[str, Any]:
    """The event of a subscribed function."""
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription_arn,
                "Sns": {
                    "Type": "Notification",
                    "MessageId": message.id,
                    "TopicArn": message.topic_arn,
                    "Subject": message.subject,
                    "Message": message.body_for("lambda"),
                    "Timestamp": timestamp(message.timestamp),
                    "SignatureVersion": SIGNATURE_VERSION,
                    "Signature": "",
                    "SigningCertUrl": "",
                    "UnsubscribeUrl": unsubscribe,
                    "MessageAttributes": shown_attributes(message.attributes),
                },
            }
        ]
    }


def notification(message: Message, protocol: str, unsubscribe: str) -> dict[str, Any]:
    """The envelope that queues and web endpoints get unless delivery is raw."""
    envelope: dict[str, Any] = {"Type": "Notification", "MessageId": message.id}
    if message.sequence is not None:
        envelope["SequenceNumber"] = message.sequence
    envelope["TopicArn"] = message.topic_arn
    if message.subject is not None:
        envelope["Subject"] = message.subject
    envelope |= {
        "Message": message.body_for(protocol),
        "Timestamp": timestamp(message.timestamp),
        "SignatureVersion": SIGNATURE_VERSION,
        "Signature": "",
        "SigningCertURL": "",
        "UnsubscribeURL": unsubscribe,
    }
    if message.attributes:
        envelope["MessageAttributes"] = shown_attributes(message.attributes)
    return envelope


def notification_of_event(event: dict[str, Any]) -> dict[str, Any]:
    """The envelope that says what a function's event said: for its dead-letter queue."""
    names = {"SigningCertUrl": "SigningCertURL", "UnsubscribeUrl": "UnsubscribeURL"}
    record = event["Records"][0]["Sns"]
    shown = {names.get(name, name): value for name, value in record.items()}
    return {
        name: value
        for name, value in shown.items()
        if not (name == "Subject" and value is None)
        and not (name == "MessageAttributes" and not value)
    }


def confirmation(
    kind: str, message_id: str, arn: str, topic_arn: str, url: str, token: str, now: float
) -> dict[str, Any]:
    """`kind` is SubscriptionConfirmation (`arn`: the topic's) or UnsubscribeConfirmation
    (`arn`: the subscription's)."""
    if kind == "SubscriptionConfirmation":
        text = (
            f"You have chosen to subscribe to the topic {arn}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message."
        )
    else:
        text = (
            f"You have chosen to deactivate subscription {arn}.\n"
            "To cancel this operation and restore the subscription, visit the SubscribeURL"
            " included in this message."
        )
    return {
        "Type": kind,
        "MessageId": message_id,
        "Token": token,
        "TopicArn": topic_arn,
        "Message": text,
        "SubscribeURL": url,
        "Timestamp": timestamp(now),
        "SignatureVersion": SIGNATURE_VERSION,
        "Signature": "",
        "SigningCertURL": "",
    }


def text_of(document: dict[str, Any]) -> str:
    """JSON laid out as SNS does."""
    return json.dumps(document, indent=2, separators=(",", " : "), ensure_ascii=False)


def headers(
    kind: str,
    message_id: str,
    topic_arn: str,
    subscription_arn: str | None,
    *,
    raw: bool = False,
    content_type: str = DEFAULT_CONTENT_TYPE,
) -> dict[str, str]:
    """The headers of a POST; a request for confirmation names no subscription."""
    sent = {
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": topic_arn,
    }
    if subscription_arn is not None:
        sent["x-amz-sns-subscription-arn"] = subscription_arn
    if raw:
        sent["x-amz-sns-rawdelivery"] = "true"
    return sent | {"Content-Type": content_type, "User-Agent": AGENT}
