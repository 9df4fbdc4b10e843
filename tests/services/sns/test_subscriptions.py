from __future__ import annotations

import json

import pytest

from owari.effects import Http
from tests.services.sns.targets import DEAD, FUNCTION, QUEUE, Targets
from tests.services.sns.test_topics import attributes, refused
from tests.support.world import ACCOUNT

URL = "http://listener.example:8000/inbox"


def described(world: Targets, arn: str) -> dict[str, str]:
    answer = world.call("sns", "GetSubscriptionAttributes", SubscriptionArn=arn)
    found: dict[str, str] = answer["Attributes"]
    return found


def posted(world: Targets, kind: str) -> tuple[Http, dict[str, str]]:
    """The last POST of a kind, and its body."""
    world.settle()
    sent = [h for h in world.http.sent if h.headers["x-amz-sns-message-type"] == kind]
    return sent[-1], json.loads(sent[-1].body)


def test_a_function_is_subscribed_at_once_and_only_once(world: Targets) -> None:
    topic = world.topic()
    arn = world.subscribe(topic, "lambda", FUNCTION)
    assert arn.startswith(f"{topic}:") and world.subscribe(topic, "lambda", FUNCTION) == arn
    assert described(world, arn) == {
        "SubscriptionPrincipal": f"arn:aws:iam::{ACCOUNT}:root",
        "Endpoint": FUNCTION,
        "Owner": ACCOUNT,
        "RawMessageDelivery": "false",
        "TopicArn": topic,
        "Protocol": "lambda",
        "PendingConfirmation": "false",
        "ConfirmationWasAuthenticated": "true",
        "SubscriptionArn": arn,
    }
    assert attributes(world, topic)["SubscriptionsConfirmed"] == "1"
    listed = {"SubscriptionArn": arn, "Owner": ACCOUNT, "Protocol": "lambda"}
    listed |= {"Endpoint": FUNCTION, "TopicArn": topic}
    assert world.call("sns", "ListSubscriptions")["Subscriptions"] == [listed]
    assert world.call("sns", "ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"] == [
        listed
    ]


@pytest.mark.parametrize(
    ("protocol", "endpoint", "message"),
    [
        ("carrier-pigeon", "x", "Amazon SNS does not support this protocol string: carrier-pigeon"),
        ("http", "https://x.example", "Endpoint must match the specified protocol"),
        ("https", "x.example", "Endpoint must match the specified protocol"),
        ("http", "http://", "Endpoint"),
        ("http", "http://x.example:port/", "Endpoint"),
        ("lambda", "shrink", "Lambda endpoint ARN"),
        ("lambda", QUEUE, "Lambda endpoint ARN"),
        ("sqs", FUNCTION, "SQS endpoint ARN"),
        ("sqs", "http://localhost/queue", "SQS endpoint ARN"),
        ("email", "nobody", "Email address"),
    ],
)
def test_endpoints_are_checked(world: Targets, protocol: str, endpoint: str, message: str) -> None:
    params = {"TopicArn": world.topic(), "Protocol": protocol, "Endpoint": endpoint}
    assert refused(world, "Subscribe", **params)[1] == f"Invalid parameter: {message}"


def test_a_protocol_that_cannot_be_delivered_is_not_pretended(world: Targets) -> None:
    params = {"TopicArn": world.topic(), "Protocol": "sms", "Endpoint": "+8152000000"}
    assert refused(world, "Subscribe", **params)[0] == "NotImplemented"
    pending = world.subscribe(world.topic(), "email", "a@b.example")
    assert described(world, pending)["PendingConfirmation"] == "true"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Nonsense", "x", "AttributeName"),
        ("RawMessageDelivery", "maybe", "Invalid value [maybe]. Must be true or false."),
        ("RawMessageDelivery", "true", "Delivery protocol [lambda] does not support raw"),
        ("FilterPolicyScope", "Subject", "Please use either MessageBody or MessageAttributes"),
        ("FilterPolicy", '{"a": []}', "FilterPolicy: Empty arrays are not allowed"),
        ("RedrivePolicy", "{", "RedrivePolicy: failed to parse JSON."),
        ("RedrivePolicy", '{"deadLetterTargetArn": "x"}', "deadLetterTargetArn is an invalid arn"),
        ("DeliveryPolicy", "{}x", "does not support delivery policies"),
    ],
)
def test_attributes_are_checked(world: Targets, name: str, value: str, message: str) -> None:
    arn = world.subscribe(world.topic(), "lambda", FUNCTION)
    params = {"SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value}
    assert message in refused(world, "SetSubscriptionAttributes", **params)[1]
    assert "FilterPolicy" not in described(world, arn)


def test_subscribing_again_with_other_attributes_is_refused(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "sqs", QUEUE, RawMessageDelivery="true")
    world.subscribe(topic, "sqs", QUEUE)
    params = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE}
    assert refused(world, "Subscribe", **params, Attributes={"RawMessageDelivery": "false"})[
        1
    ].endswith("Reason: Subscription already exists with different attributes")
    bad = refused(world, "Subscribe", **params, Attributes={"FilterPolicy": '{"a": 1}'})
    assert bad[1] == (
        'Invalid parameter: Attributes Reason: FilterPolicy: "a" must be an object or an array'
    )


def test_attributes_are_set_shown_and_reset(world: Targets) -> None:
    arn = world.subscribe(world.topic(), "sqs", QUEUE)
    redrive = json.dumps({"deadLetterTargetArn": DEAD})
    for name, value in (
        ("FilterPolicyScope", "MessageBody"),
        ("FilterPolicy", '{"a": {"b": [1]}}'),
        ("RedrivePolicy", redrive),
        ("RawMessageDelivery", "true"),
    ):
        params = {"AttributeName": name, "AttributeValue": value}
        world.call("sns", "SetSubscriptionAttributes", SubscriptionArn=arn, **params)
    shown = described(world, arn)
    assert shown["FilterPolicy"] == '{"a": {"b": [1]}}'
    assert shown["FilterPolicyScope"] == "MessageBody"
    assert (shown["RedrivePolicy"], shown["RawMessageDelivery"]) == (redrive, "true")
    scope = {"AttributeName": "FilterPolicyScope", "AttributeValue": "MessageAttributes"}
    refusal = refused(world, "SetSubscriptionAttributes", SubscriptionArn=arn, **scope)
    assert "does not support nested filter policy" in refusal[1]
    for name in ("FilterPolicy", "RedrivePolicy"):
        params = {"AttributeName": name, "AttributeValue": "{}"}
        world.call("sns", "SetSubscriptionAttributes", SubscriptionArn=arn, **params)
    assert not {"FilterPolicy", "RedrivePolicy"} & described(world, arn).keys()


def test_a_web_endpoint_confirms_with_the_token_it_was_posted(world: Targets) -> None:
    topic = world.topic()
    params = {"TopicArn": topic, "Protocol": "http", "Endpoint": URL}
    answer = world.call("sns", "Subscribe", **params)
    assert answer == {"SubscriptionArn": "pending confirmation"}
    listed = world.call("sns", "ListSubscriptions")["Subscriptions"]
    assert listed[0]["SubscriptionArn"] == "PendingConfirmation"
    assert attributes(world, topic)["SubscriptionsPending"] == "1"

    request, body = posted(world, "SubscriptionConfirmation")
    assert (request.method, request.url) == ("POST", URL)
    assert request.headers == {
        "x-amz-sns-message-type": "SubscriptionConfirmation",
        "x-amz-sns-message-id": body["MessageId"],
        "x-amz-sns-topic-arn": topic,
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    assert body["Message"].startswith(f"You have chosen to subscribe to the topic {topic}.\n")
    assert (
        f"Action=ConfirmSubscription&TopicArn={topic}&Token={body['Token']}"
        in (body["SubscribeURL"])
    )

    world.call("sns", "Publish", TopicArn=topic, Message="too early")
    bad = refused(world, "ConfirmSubscription", TopicArn=topic, Token="guess")
    assert bad == ("InvalidParameter", "Invalid parameter: Token")
    confirmed = world.call(  # the URL is followed without a signature, from anywhere
        "sns", "ConfirmSubscription", region="eu-west-1", TopicArn=topic, Token=body["Token"]
    )
    shown = described(world, confirmed["SubscriptionArn"])
    assert shown["PendingConfirmation"] == "false"
    assert json.loads(shown["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]["numRetries"] == 3
    world.call("sns", "Publish", TopicArn=topic, Message="now")
    assert posted(world, "Notification")[1]["Message"] == "now"
    assert len(world.http.sent) == 2


def test_unsubscribing_a_web_endpoint_can_be_undone_by_its_owner(world: Targets) -> None:
    topic = world.topic()
    arn = world.subscribe(topic, "http", URL)
    token = posted(world, "SubscriptionConfirmation")[1]["Token"]
    world.call("sns", "ConfirmSubscription", TopicArn=topic, Token=token)
    world.call("sns", "Unsubscribe", SubscriptionArn=arn)
    world.call("sns", "Unsubscribe", SubscriptionArn=arn)
    assert attributes(world, topic)["SubscriptionsDeleted"] == "1"
    assert refused(world, "GetSubscriptionAttributes", SubscriptionArn=arn)[0] == "NotFound"
    request, body = posted(world, "UnsubscribeConfirmation")
    assert request.headers["x-amz-sns-subscription-arn"] == arn
    assert body["Message"].startswith(f"You have chosen to deactivate subscription {arn}.\n")
    assert body["Token"] != token
    world.call("sns", "ConfirmSubscription", TopicArn=topic, Token=body["Token"])
    assert described(world, arn)["PendingConfirmation"] == "false"


def test_what_is_not_confirmed_in_two_days_is_forgotten(world: Targets) -> None:
    topic = world.topic()
    world.subscribe(topic, "http", URL)
    token = posted(world, "SubscriptionConfirmation")[1]["Token"]
    world.advance(2 * 24 * 3600 + 1)
    assert world.call("sns", "ListSubscriptions")["Subscriptions"] == []
    assert refused(world, "ConfirmSubscription", TopicArn=topic, Token=token)[0] == (
        "InvalidParameter"
    )


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("x", "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements"),
        ("arn:aws:sns:us-east-1:000000000000:t", "Invalid parameter: SubscriptionId"),
    ],
)
def test_arns_that_are_no_subscription(world: Targets, arn: str, message: str) -> None:
    for operation in ("Unsubscribe", "GetSubscriptionAttributes"):
        assert refused(world, operation, SubscriptionArn=arn)[1].startswith(message)


def test_lists_are_paged_by_100(world: Targets) -> None:
    topic = world.topic()
    for n in range(101):
        world.subscribe(topic, "lambda", f"{FUNCTION}{n}")
    for operation, params in (
        ("ListSubscriptions", {}),
        ("ListSubscriptionsByTopic", {"TopicArn": topic}),
    ):
        first = world.call("sns", operation, **params)
        second = world.call("sns", operation, **params, NextToken=first["NextToken"])
        assert (len(first["Subscriptions"]), len(second["Subscriptions"])) == (100, 1)
