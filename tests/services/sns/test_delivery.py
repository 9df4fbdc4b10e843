"""What happens when a delivery fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.errors import ServiceError
from owari.services.sns.delivery_policy import (
    DeliveryPolicyError,
    HealthyRetryPolicy,
    check_subscription_policy,
    effective,
    managed_delay_s,
)
from tests.services.sns.targets import DEAD, FUNCTION, QUEUE, Targets
from tests.services.sns.test_subscriptions import URL, posted
from tests.support.world import START

REDRIVE = json.dumps({"deadLetterTargetArn": DEAD})
BROKEN = ServiceError("ServiceException", "broken", status=500)


def web(world: Targets, **attributes: str) -> str:
    """A topic with a confirmed web endpoint."""
    topic = world.topic()
    world.subscribe(topic, "http", URL, **attributes)
    token = posted(world, "SubscriptionConfirmation")[1]["Token"]
    world.call("sns", "ConfirmSubscription", TopicArn=topic, Token=token)
    world.http.sent.clear()
    return topic


def test_managed_endpoints_are_retried_as_documented() -> None:
    delays = [managed_delay_s(n) for n in range(1, 18)]
    assert delays[:5] == [0, 0, 0, 1, 1]
    backoff = [d for d in delays[5:15] if d is not None]
    assert (backoff[0], backoff[-1]) == (1, pytest.approx(20)) and backoff == sorted(backoff)
    assert delays[15:] == [20, 20]
    assert managed_delay_s(100_015) == 20 and managed_delay_s(100_016) is None


def test_a_function_that_cannot_be_invoked_is_tried_again_until_it_can(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "lambda", FUNCTION)
    world.failure = BROKEN
    message_id = world.call("sns", "Publish", TopicArn=topic, Message="m")["MessageId"]
    world.advance(2.5)
    waits = [at - START for at in world.attempts]
    assert waits == [0, 0, 0, 0, 1, 2]
    world.crash()
    world.failure = None
    world.advance(60)
    assert len(world.invoked) == 1 and world.effects() == []
    event = json.loads(world.invoked[0][2]["Payload"])
    assert event["Records"][0]["Sns"]["MessageId"] == message_id


def test_a_function_that_is_gone_is_not_retried_but_buried(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "lambda", FUNCTION, RedrivePolicy=REDRIVE)
    world.failure = ServiceError("ResourceNotFoundException", "Function not found", status=404)
    attributes = {"k": {"DataType": "String", "StringValue": "v"}}
    world.call("sns", "Publish", TopicArn=topic, Message="m", MessageAttributes=attributes)
    world.settle()
    assert len(world.attempts) == 1
    letter = json.loads(world.queued[0]["MessageBody"])
    assert world.queued[0]["QueueUrl"].endswith("/000000000000/dead")
    assert (letter["Type"], letter["Message"]) == ("Notification", "m")
    assert letter["MessageAttributes"] == {"k": {"Type": "String", "Value": "v"}}
    assert "SigningCertURL" in letter and "Subject" not in letter


def test_a_raw_queue_message_is_buried_as_it_is(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "sqs", QUEUE, RawMessageDelivery="true", RedrivePolicy=REDRIVE)
    world.failure = ServiceError("AWS.SimpleQueueService.NonExistentQueue", "gone", status=400)
    attributes = {"k": {"DataType": "Number", "StringValue": "1"}}
    world.call("sns", "Publish", TopicArn=topic, Message="m", MessageAttributes=attributes)
    world.settle()
    assert len(world.queued) == 1
    assert world.queued[0]["MessageBody"] == "m"
    assert world.queued[0]["MessageAttributes"] == attributes


def test_a_web_endpoint_gets_the_exact_post(world: Targets) -> None:
    topic = web(world)
    arn = world.call("sns", "ListSubscriptions")["Subscriptions"][0]["SubscriptionArn"]
    published = world.call("sns", "Publish", TopicArn=topic, Message="ü", Subject="s")
    request, body = posted(world, "Notification")
    assert request.headers == {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": published["MessageId"],
        "x-amz-sns-topic-arn": topic,
        "x-amz-sns-subscription-arn": arn,
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    assert list(body) == [
        "Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion",
        "Signature", "SigningCertURL", "UnsubscribeURL",
    ]  # fmt: skip
    assert request.body.decode().startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    assert body["Message"] == "ü"


def test_raw_delivery_to_a_web_endpoint(world: Targets) -> None:
    request_policy = {"requestPolicy": {"headerContentType": "application/json"}}
    topic = web(world, RawMessageDelivery="true", DeliveryPolicy=json.dumps(request_policy))
    world.call("sns", "Publish", TopicArn=topic, Message='{"a": 1}')
    world.settle()
    (request,) = world.http.sent
    assert request.body == b'{"a": 1}'
    assert request.headers["x-amz-sns-rawdelivery"] == "true"
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("answer", [500, 503, 429])
def test_a_failing_web_endpoint_is_retried_three_times_then_buried(
    world: Targets, answer: int
) -> None:
    topic = web(world, RedrivePolicy=REDRIVE)
    world.http.answer = lambda _request: answer
    world.call("sns", "Publish", TopicArn=topic, Message="m")
    world.advance(19)
    assert len(world.http.sent) == 1
    world.advance(50)
    assert len(world.http.sent) == 4
    assert len({request.headers["x-amz-sns-message-id"] for request in world.http.sent}) == 1
    assert json.loads(world.queued[0]["MessageBody"])["Message"] == "m"
    world.advance(1000)
    assert len(world.http.sent) == 4 and len(world.queued) == 1


def test_an_unreachable_web_endpoint_is_retried(world: Targets) -> None:
    topic = web(world)

    def refuse(_request: Any) -> int:
        raise ServiceError("ConnectionError", "refused")

    world.http.answer = refuse
    world.call("sns", "Publish", TopicArn=topic, Message="m")
    world.advance(21)
    assert len(world.http.sent) == 2
    world.http.answer = lambda _request: 204
    world.advance(1000)
    assert len(world.http.sent) == 3


def test_a_web_endpoint_that_refuses_is_not_retried(world: Targets) -> None:
    topic = web(world, RedrivePolicy=REDRIVE)
    world.http.answer = lambda _request: 403
    world.call("sns", "Publish", TopicArn=topic, Message="m")
    world.advance(100)
    assert len(world.http.sent) == 1 and len(world.queued) == 1


def test_after_unsubscribing_nothing_is_retried(world: Targets) -> None:
    topic = web(world, RedrivePolicy=REDRIVE)
    world.http.answer = lambda _request: 500
    world.call("sns", "Publish", TopicArn=topic, Message="m")
    world.settle()
    arn = world.call("sns", "ListSubscriptions")["Subscriptions"][0]["SubscriptionArn"]
    world.http.answer = lambda request: 500 if "Notification" in request.body.decode() else 200
    world.call("sns", "Unsubscribe", SubscriptionArn=arn)
    world.advance(1000)
    kinds = [r.headers["x-amz-sns-message-type"] for r in world.http.sent]
    assert kinds == ["Notification", "UnsubscribeConfirmation", "Notification"]
    assert world.queued == []


def test_the_subscriptions_policy_wins_over_the_topics_unless_overrides_are_off() -> None:
    topic: dict[str, Any] = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 9}}}
    own = json.dumps({"healthyRetryPolicy": {"numRetries": 5}})
    assert effective(json.dumps(topic), None).retry.numRetries == 9
    assert effective(json.dumps(topic), own).retry.numRetries == 5
    topic["http"]["disableSubscriptionOverrides"] = True
    assert effective(json.dumps(topic), own).retry.numRetries == 9


@pytest.mark.parametrize("function", ["linear", "arithmetic", "geometric", "exponential"])
def test_a_custom_policy_goes_through_its_phases(function: str) -> None:
    policy = HealthyRetryPolicy(10, 100, 12, 2, 2, 3, function)
    delays = [policy.delay_s(n) for n in range(1, 14)]
    assert delays[:2] == [0, 0] and delays[2:5] == [10, 10, 10]
    backoff = [d for d in delays[5:10] if d is not None]
    assert backoff == sorted(backoff)
    assert (backoff[0], backoff[-1]) == (pytest.approx(10), pytest.approx(100))
    assert delays[10:] == [100, 100, None]


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"healthyRetryPolicy": {"numRetries": 101}}, "numRetries must be less than"),
        ({"healthyRetryPolicy": {"numRetries": "3"}}, "numRetries must be an integer"),
        ({"healthyRetryPolicy": {"minDelayTarget": 0}}, "minDelayTarget must be greater"),
        ({"healthyRetryPolicy": {"minDelayTarget": 30}}, "maxDelayTarget must be greater"),
        ({"healthyRetryPolicy": {"maxDelayTarget": 3601}}, "maxDelayTarget must be less"),
        ({"healthyRetryPolicy": {"numNoDelayRetries": 4}}, "numRetries must be greater"),
        ({"healthyRetryPolicy": {"backoffFunction": "x"}}, "backoffFunction must be one of"),
        (
            {"healthyRetryPolicy": {"maxDelayTarget": 3600, "numRetries": 50}},
            "Total retry delay must not exceed 3600 seconds",
        ),
        ({"throttlePolicy": {"maxReceivesPerSecond": 0}}, "maxReceivesPerSecond must be"),
        ({"requestPolicy": {"headerContentType": "a\r\nb"}}, "headerContentType is not valid"),
        ({"nonsense": 1}, "Unexpected JSON member: nonsense"),
    ],
)
def test_bad_delivery_policies(policy: dict[str, Any], message: str) -> None:
    with pytest.raises(DeliveryPolicyError, match=message):
        check_subscription_policy(json.dumps(policy))
