"""Queues as values: names, URLs, ARNs, and what their attributes mean. Pure.

Source: SQS API Reference, CreateQueue, GetQueueUrl; SQS Developer Guide, "Amazon SQS queue and
message identifiers".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NamedTuple

from owari.arn import make_arn, parse_arn
from owari.services.sqs.faults import bad_address, invalid, no_resource

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,75}\.fifo")
_URL = re.compile(
    r"(?:https?://)?(?P<host>[^/]+)/(?:queue/(?P<region>[a-z0-9-]+)/)?"
    r"(?P<account>\d{12})/(?P<name>[A-Za-z0-9_.-]+)/?"
)
_REGION_HOST = re.compile(
    r"(?:sqs\.(?P<new>[a-z]+-[a-z-]+-\d)\.|(?P<old>[a-z]+-[a-z-]+-\d)\.queue\.)"
)

DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
}


class QueueKey(NamedTuple):
    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return make_arn("sqs", self.region, self.account, self.name)

    def url(self, endpoint: str) -> str:
        return f"{endpoint}/{self.account}/{self.name}"


class Redrive(NamedTuple):
    """A RedrivePolicy: where to, and after how many receives."""

    target: QueueKey
    receives_max: int


@dataclass(frozen=True, slots=True)
class Queue:
    """`number` is this queue's alone, in every account and region, for ever. `pile` is what its
    messages lie under: a purge gives it a new one. Times are epoch seconds."""

    key: QueueKey
    number: int
    pile: int
    attributes: dict[str, str]  # those that were set
    created: float
    modified: float
    purged: float | None
    alarm: float | None  # when pollers are to be woken next
    sweep: str | None  # the effect that will drop what has expired

    @property
    def arn(self) -> str:
        return self.key.arn

    @property
    def fifo(self) -> bool:
        return self.key.name.endswith(".fifo")

    @property
    def channel(self) -> str:
        """What pollers of this queue are parked on."""
        return f"sqs/{self.number}"

    @property
    def redrive(self) -> Redrive | None:
        text = self.attributes.get("RedrivePolicy")
        if text is None:
            return None
        policy = json.loads(text)
        target = queue_key_of(policy["deadLetterTargetArn"], "RedrivePolicy")
        return Redrive(target, int(policy["maxReceiveCount"]))

    @property
    def by_group(self) -> bool:
        """Is a deduplication id unique within its message group only?"""
        return self.attributes.get("DeduplicationScope") == "messageGroup"

    @property
    def by_content(self) -> bool:
        return self.attributes.get("ContentBasedDeduplication") == "true"

    def seconds(self, name: str) -> int:
        """A numeric attribute, or its default."""
        return int(self.attributes.get(name) or DEFAULTS[name])

    def expired_before(self, now: float) -> float:
        """Messages sent at this time or earlier are past the retention period."""
        return now - self.seconds("MessageRetentionPeriod")


def check_queue_name(name: str, fifo: bool) -> None:
    if fifo and not _FIFO_NAME.fullmatch(name):
        raise invalid(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or"
            " underscores, must end with .fifo suffix and be 1 to 80 in length."
        )
    if not fifo and not _NAME.fullmatch(name):
        raise invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )


def queue_key(url: str, endpoint: str, account: str, region: str) -> QueueKey:
    """The queue a QueueUrl names: of any host form AWS has or had, ours, or its mere name.

    `account` and `region` are the caller's; a host with a region in it has its own.
    """
    if url.startswith(endpoint):
        parts = url[len(endpoint) :].split("/")
        if len(parts) == 3 and len(parts[1]) == 12:
            return QueueKey(parts[1], region, parts[2])
    found = _URL.fullmatch(url)
    if found is None:
        if "/" in url or not url:
            raise bad_address(url)
        return QueueKey(account, region, url)
    host = _REGION_HOST.match(found["host"])
    named = found["region"] or (host and (host["new"] or host["old"]))
    return QueueKey(found["account"], named or region, found["name"])


def queue_key_of(arn: str, parameter: str) -> QueueKey:
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "sqs" or not (parsed.region and parsed.account):
        raise no_resource(parameter)
    return QueueKey(parsed.account, parsed.region, parsed.resource)
