"""When a failed delivery is tried again. Pure.

Source: SNS Developer Guide, "Amazon SNS message delivery retries", "Creating an HTTP/S delivery
policy". AWS draws its backoff functions without giving formulas; ours run from the minimum to
the maximum delay with the drawn shape.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

RETRY_TIME_MAX_S = 3_600
RETRIES_MAX = 100
DEFAULT_CONTENT_TYPE = "text/plain; charset=UTF-8"
_FUNCTIONS = ("linear", "arithmetic", "geometric", "exponential")


class DeliveryPolicyError(ValueError):
    """What is wrong with a delivery policy, as AWS puts it after `DeliveryPolicy: `."""


@dataclass(frozen=True, slots=True)
class HealthyRetryPolicy:
    """Named as in the policy document; delays in seconds."""

    minDelayTarget: int = 20
    maxDelayTarget: int = 20
    numRetries: int = 3
    numMaxDelayRetries: int = 0
    numNoDelayRetries: int = 0
    numMinDelayRetries: int = 0
    backoffFunction: str = "linear"

    def delay_s(self, retry: int) -> float | None:
        """The wait before retry number `retry` (from 1); None when there is none left."""
        if retry > self.numRetries:
            return None
        if retry <= self.numNoDelayRetries:
            return 0.0
        if retry <= self.numNoDelayRetries + self.numMinDelayRetries:
            return float(self.minDelayTarget)
        step = retry - self.numNoDelayRetries - self.numMinDelayRetries
        steps = self.numRetries - self.numNoDelayRetries - self.numMinDelayRetries
        steps -= self.numMaxDelayRetries
        if step > steps:
            return float(self.maxDelayTarget)
        share = (step - 1) / (steps - 1) if steps > 1 else 0.0
        return backoff_s(self.backoffFunction, self.minDelayTarget, self.maxDelayTarget, share)


def backoff_s(function: str, low: float, high: float, share: float) -> float:
    """The delay at `share` (0 to 1) of the way through the backoff phase."""
    match function:
        case "linear":
            return low + (high - low) * share
        case "arithmetic":
            return low + (high - low) * share * (share + 1) / 2
        case "geometric":
            return float(low * (high / low) ** share)
        case _:
            return float(low + (high - low) * (2 ** (10 * share) - 1) / (2**10 - 1))


# AWS managed endpoints (Lambda, SQS): 100,015 retries over 23 days.
_MANAGED = HealthyRetryPolicy(1, 20, 100_015, 100_000, 3, 2, "geometric")


def managed_delay_s(retry: int) -> float | None:
    return _MANAGED.delay_s(retry)


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds for one http(s) subscription."""

    retry: HealthyRetryPolicy
    throttle: dict[str, Any] | None
    content_type: str


def check_topic_policy(text: str) -> None:
    policy = _parse(text)
    http = policy.get("http")
    if not isinstance(http, dict):
        raise DeliveryPolicyError("http must be specified")
    _retry(http.get("defaultHealthyRetryPolicy"), HealthyRetryPolicy())
    _content_type(http.get("defaultRequestPolicy"))
    _check_throttle(http.get("defaultThrottlePolicy"))


def check_subscription_policy(text: str) -> None:
    policy = _parse(text)
    unknown = policy.keys() - {
        "healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed",
    }  # fmt: skip
    if unknown:
        raise DeliveryPolicyError(f"Unexpected JSON member: {min(unknown)}")
    _retry(policy.get("healthyRetryPolicy"), HealthyRetryPolicy())
    _content_type(policy.get("requestPolicy"))
    _check_throttle(policy.get("throttlePolicy"))


def effective(topic_policy: str | None, subscription_policy: str | None) -> Effective:
    """The subscription's policy over the topic's over AWS's defaults."""
    http = json.loads(topic_policy)["http"] if topic_policy else {}
    own = json.loads(subscription_policy) if subscription_policy else {}
    if http.get("disableSubscriptionOverrides"):
        own = {}
    retry = _retry(http.get("defaultHealthyRetryPolicy"), HealthyRetryPolicy())
    if own.get("healthyRetryPolicy"):
        retry = _retry(own["healthyRetryPolicy"], HealthyRetryPolicy())
    content_type = _content_type(own.get("requestPolicy")) or _content_type(
        http.get("defaultRequestPolicy")
    )
    return Effective(
        retry=retry,
        throttle=own.get("throttlePolicy") or http.get("defaultThrottlePolicy"),
        content_type=content_type or DEFAULT_CONTENT_TYPE,
    )


def topic_document(topic_policy: str | None) -> dict[str, Any]:
    """A topic's EffectiveDeliveryPolicy."""
    now = effective(topic_policy, None)
    http = json.loads(topic_policy)["http"] if topic_policy else {}
    document = {
        "defaultHealthyRetryPolicy": asdict(now.retry),
        "disableSubscriptionOverrides": bool(http.get("disableSubscriptionOverrides")),
        "defaultRequestPolicy": {"headerContentType": now.content_type},
    }
    if now.throttle:
        document["defaultThrottlePolicy"] = now.throttle
    return {"http": document}


def subscription_document(now: Effective) -> dict[str, Any]:
    """A subscription's EffectiveDeliveryPolicy."""
    return {
        "healthyRetryPolicy": asdict(now.retry),
        "sicklyRetryPolicy": None,
        "throttlePolicy": now.throttle,
        "requestPolicy": {"headerContentType": now.content_type},
        "guaranteed": False,
    }


def _parse(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        raise DeliveryPolicyError("failed to parse JSON") from None
    if not isinstance(policy, dict):
        raise DeliveryPolicyError("failed to parse JSON")
    return policy


def _retry(document: Any, default: HealthyRetryPolicy) -> HealthyRetryPolicy:
    if document is None:
        return default
    if not isinstance(document, dict):
        raise DeliveryPolicyError("healthyRetryPolicy must be an object")
    unknown = document.keys() - asdict(default).keys()
    if unknown:
        raise DeliveryPolicyError(f"Unexpected JSON member: {min(unknown)}")
    policy = replace(default, **{k: v for k, v in document.items() if v is not None})
    _check_retry(policy)
    return policy


def _check_retry(p: HealthyRetryPolicy) -> None:
    for name, value in asdict(p).items():
        if name != "backoffFunction" and (isinstance(value, bool) or not isinstance(value, int)):
            raise DeliveryPolicyError(f"{name} must be an integer")
        if name != "backoffFunction" and value < 0:
            raise DeliveryPolicyError(f"{name} must be greater than or equal to 0")
    if p.backoffFunction not in _FUNCTIONS:
        raise DeliveryPolicyError(f"backoffFunction must be one of {', '.join(_FUNCTIONS)}")
    if p.minDelayTarget < 1:
        raise DeliveryPolicyError("minDelayTarget must be greater than or equal to 1")
    if p.maxDelayTarget > RETRY_TIME_MAX_S:
        raise DeliveryPolicyError(
            f"maxDelayTarget must be less than or equal to {RETRY_TIME_MAX_S}"
        )
    if p.minDelayTarget > p.maxDelayTarget:
        raise DeliveryPolicyError("maxDelayTarget must be greater than or equal to minDelayTarget")
    if p.numRetries > RETRIES_MAX:
        raise DeliveryPolicyError(f"numRetries must be less than or equal to {RETRIES_MAX}")
    if p.numNoDelayRetries + p.numMinDelayRetries + p.numMaxDelayRetries > p.numRetries:
        raise DeliveryPolicyError(
            "numRetries must be greater than or equal to the sum of numNoDelayRetries,"
            " numMinDelayRetries and numMaxDelayRetries"
        )
    if sum(p.delay_s(n) or 0 for n in range(1, p.numRetries + 1)) > RETRY_TIME_MAX_S:
        raise DeliveryPolicyError(f"Total retry delay must not exceed {RETRY_TIME_MAX_S} seconds")


def _content_type(request: Any) -> str | None:
    if request is None:
        return None
    if not isinstance(request, dict) or request.keys() - {"headerContentType"}:
        raise DeliveryPolicyError("requestPolicy may hold headerContentType only")
    value = request.get("headerContentType")
    if value is None:
        return None
    if not isinstance(value, str) or not value.isprintable() or not value.isascii():
        raise DeliveryPolicyError("headerContentType is not valid")
    return value


def _check_throttle(throttle: Any) -> None:
    if throttle is None:
        return
    rate = throttle.get("maxReceivesPerSecond") if isinstance(throttle, dict) else None
    if isinstance(rate, bool) or not isinstance(rate, int) or rate < 1:
        raise DeliveryPolicyError("maxReceivesPerSecond must be greater than or equal to 1")
