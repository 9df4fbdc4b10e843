"""What may be set on a topic, and what is told about it. Pure.

Source: SNS API Reference, CreateTopic, SetTopicAttributes, GetTopicAttributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from owari import policy_text
from owari.errors import ServiceError
from owari.services.sns.core import Topic, compact
from owari.services.sns.delivery_policy import (
    DeliveryPolicyError,
    check_topic_policy,
    topic_document,
)
from owari.services.sns.faults import beyond_owari, invalid

_FEEDBACK = re.compile(
    r"(HTTP|Firehose|Lambda|Application|SQS)"
    r"(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)"
)
MESSAGE_SIZE_RANGE = (1_024, 1_048_576)


def check_attribute(name: str, value: str, fifo: bool) -> None:
    """Raises AWS's error when a topic cannot have this attribute with this value."""
    check = _CHECKS.get(name)
    if check is not None:
        check(name, value, fifo)
    elif _FEEDBACK.fullmatch(name):
        _sample_rate(name, value)
    else:
        raise invalid("AttributeName")


def _sample_rate(name: str, value: str) -> None:
    if name.endswith("SampleRate") and value and not _is_within(value, 0, 100):
        raise invalid(f"{name} Reason: must be between 0 and 100")


def _is_within(text: str, low: int, high: int) -> bool:
    return re.fullmatch("[0-9]{1,9}", text) is not None and low <= int(text) <= high


def _any(_name: str, _value: str, _fifo: bool) -> None:
    pass


def _display_name(name: str, value: str, _fifo: bool) -> None:
    if len(value) > 100 or any(ord(c) < 32 for c in value):
        raise invalid(name)


def _one_of(*choices: str) -> Callable[[str, str, bool], None]:
    def check(name: str, value: str, _fifo: bool) -> None:
        if value not in choices:
            raise invalid(
                f"{name} Reason: Invalid value [{value}]. Must be {' or '.join(choices)}."
            )

    return check


def _archive(_name: str, value: str, _fifo: bool) -> None:
    if value:
        raise beyond_owari("the ArchivePolicy of topics")


def _fifo_only(what: str, *choices: str) -> Callable[[str, str, bool], None]:
    def check(name: str, value: str, fifo: bool) -> None:
        if not fifo:
            raise invalid(f"{name} Reason: {what} can only be set for FIFO topics")
        if choices:
            _one_of(*choices)(name, value, fifo)

    return check


def _size(name: str, value: str, _fifo: bool) -> None:
    low, high = MESSAGE_SIZE_RANGE
    if not _is_within(value, low, high):
        raise invalid(f"{name} Reason: must be between {low} and {high}")


def _policy(_name: str, value: str, _fifo: bool) -> None:
    if value and not policy_text.has_statements(value):
        raise invalid("Policy Error: null")


def _delivery_policy(_name: str, value: str, _fifo: bool) -> None:
    if not value:
        return
    try:
        check_topic_policy(value)
    except DeliveryPolicyError as error:
        raise invalid(f"DeliveryPolicy: {error}") from None


_CHECKS: dict[str, Callable[[str, str, bool], None]] = {
    "ArchivePolicy": _archive,
    "ContentBasedDeduplication": _fifo_only("Content-based deduplication", "true", "false"),
    "FifoThroughputScope": _fifo_only("Throughput scope", "Topic", "MessageGroup"),
    "DeliveryPolicy": _delivery_policy,
    "DisplayName": _display_name,
    "KmsMasterKeyId": _any,
    "MaximumMessageSize": _size,
    "Policy": _policy,
    "SignatureVersion": _one_of("1", "2"),
    "TracingConfig": _one_of("Active", "PassThrough"),
}


def check_new(attributes: dict[str, str]) -> None:
    """The `Attributes` of CreateTopic."""
    fifo = attributes.get("FifoTopic", "false")
    if fifo not in ("true", "false"):
        raise invalid("Attributes Reason: FifoTopic must be true or false")
    for name, value in attributes.items():
        if name == "FifoTopic":
            continue
        try:
            check_attribute(name, value, fifo == "true")
        except ServiceError as error:
            if error.code != "InvalidParameter":
                raise
            if error.message == "Invalid parameter: AttributeName":
                raise invalid(f"Attributes Reason: Unknown attribute: {name}") from None
            reason = error.message.removeprefix("Invalid parameter: ")
            raise invalid(f"Attributes Reason: {reason}") from None


def normal(attributes: dict[str, str]) -> dict[str, str]:
    """As they are kept: what says no more than the default is dropped."""
    kept = {name: value for name, value in attributes.items() if value != ""}
    if kept.get("FifoTopic") == "false":
        del kept["FifoTopic"]
    return kept


def described(topic: Topic, pending: int, confirmed: int, deleted: int) -> dict[str, str]:
    """Everything GetTopicAttributes answers."""
    answer = {
        "Policy": topic.access_policy,
        "Owner": topic.key.account,
        "SubscriptionsPending": str(pending),
        "TopicArn": topic.arn,
        "EffectiveDeliveryPolicy": compact(topic_document(topic.attributes.get("DeliveryPolicy"))),
        "SubscriptionsConfirmed": str(confirmed),
        "DisplayName": "",
        "SubscriptionsDeleted": str(deleted),
    }
    if topic.fifo:
        answer["ContentBasedDeduplication"] = "false"
    return answer | topic.attributes
