"""Topics and subscriptions as values: names, ARNs, what their rows hold. Pure.

Source: SNS API Reference, CreateTopic, GetTopicAttributes, GetSubscriptionAttributes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from owari.arn import make_arn, parse_arn
from owari.services.sns.faults import bad_arn, invalid

_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,251}\.fifo")
ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)
CONFIRMATION_LIFE_S = 2 * 24 * 3600.0  # a confirmation token lives for two days


class TopicKey(NamedTuple):
    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return make_arn("sns", self.region, self.account, self.name)


class SubscriptionKey(NamedTuple):
    topic: TopicKey
    id: str

    @property
    def arn(self) -> str:
        return f"{self.topic.arn}:{self.id}"


@dataclass(frozen=True, slots=True)
class Topic:
    key: TopicKey
    attributes: dict[str, str]  # those that were set
    policy: str | None  # None: the default one

    @property
    def arn(self) -> str:
        return self.key.arn

    @property
    def fifo(self) -> bool:
        return self.attributes.get("FifoTopic") == "true"

    @property
    def access_policy(self) -> str:
        return self.policy or default_policy(self.key)


@dataclass(frozen=True, slots=True)
class Subscription:
    """`status` is `pending`, `confirmed` or `deleted`."""

    key: SubscriptionKey
    protocol: str
    endpoint: str
    owner: str
    principal: str
    status: str
    authenticated: bool
    token: str
    attributes: dict[str, str]
    seq: int  # place in commit order of its creation

    @property
    def arn(self) -> str:
        return self.key.arn

    @property
    def raw(self) -> bool:
        return self.attributes.get("RawMessageDelivery") == "true"


def check_topic_name(name: str, fifo: bool) -> None:
    if fifo and not _FIFO_NAME.fullmatch(name):
        raise invalid(
            "Fifo Topic names must end with .fifo and must be made up of only uppercase and"
            " lowercase ASCII letters, numbers, underscores, and hyphens, and must be between"
            " 1 and 256 characters long."
        )
    if not fifo and not _NAME.fullmatch(name):
        raise invalid("Topic Name")


def topic_key(text: str, parameter: str = "TopicArn") -> TopicKey:
    arn = parse_arn(text)
    if arn is None or arn.service != "sns" or not (arn.region and arn.account and arn.resource):
        raise bad_arn(parameter, text)
    if ":" in arn.resource or "/" in arn.resource:
        raise invalid(parameter)
    return TopicKey(arn.account, arn.region, arn.resource)


def subscription_key(text: str) -> SubscriptionKey:
    topic, _, id = text.rpartition(":")
    arn = parse_arn(text)
    if arn is None or arn.service != "sns":
        raise bad_arn("SubscriptionArn", text)
    if arn.resource.count(":") != 1:
        raise invalid("SubscriptionId")
    return SubscriptionKey(topic_key(topic, "SubscriptionArn"), id)


def default_policy(key: TopicKey) -> str:
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in ACTIONS],
        "Resource": key.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": key.account}},
    }
    return compact({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
