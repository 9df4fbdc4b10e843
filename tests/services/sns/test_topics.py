from __future__ import annotations

import json

import pytest

from owari.errors import ServiceError
from tests.services.sns.targets import QUEUE, Targets
from tests.support.world import ACCOUNT

ARN = "arn:aws:sns:us-east-1:000000000000:t"


def refused(world: Targets, operation: str, **params: object) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        world.call("sns", operation, **params)
    return caught.value.code, caught.value.message


def attributes(world: Targets, arn: str) -> dict[str, str]:
    found: dict[str, str] = world.call("sns", "GetTopicAttributes", TopicArn=arn)["Attributes"]
    return found


def test_a_new_topic_has_the_attributes_of_aws(world: Targets) -> None:
    assert world.topic() == ARN
    shown = attributes(world, ARN)
    policy = json.loads(shown.pop("Policy"))
    assert policy["Statement"][0]["Condition"] == {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
    assert json.loads(shown.pop("EffectiveDeliveryPolicy")) == {
        "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20,
                "maxDelayTarget": 20,
                "numRetries": 3,
                "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numMinDelayRetries": 0,
                "backoffFunction": "linear",
            },
            "disableSubscriptionOverrides": False,
            "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
        }
    }
    assert shown == {
        "Owner": ACCOUNT,
        "TopicArn": ARN,
        "DisplayName": "",
        "SubscriptionsPending": "0",
        "SubscriptionsConfirmed": "0",
        "SubscriptionsDeleted": "0",
    }


def test_creating_again_answers_the_same_topic_unless_it_would_be_another(world: Targets) -> None:
    tags = [{"Key": "k", "Value": "v"}]
    first = world.call("sns", "CreateTopic", Name="t", Attributes={"DisplayName": "d"}, Tags=tags)
    assert world.topic() == first["TopicArn"]
    assert world.topic(DisplayName="d") == first["TopicArn"]
    assert refused(world, "CreateTopic", Name="t", Attributes={"DisplayName": "e"}) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    )
    other = [{"Key": "k", "Value": "w"}]
    assert refused(world, "CreateTopic", Name="t", Tags=other)[1] == (
        "Invalid parameter: Tags Reason: Topic already exists with different tags"
    )


@pytest.mark.parametrize("name", ["", "a b", "x" * 257, "t.fifo", "ü"])
def test_bad_names(world: Targets, name: str) -> None:
    assert refused(world, "CreateTopic", Name=name)[1] == "Invalid parameter: Topic Name"


def test_fifo_topics(world: Targets) -> None:
    code, message = refused(world, "CreateTopic", Name="t", Attributes={"FifoTopic": "true"})
    assert code == "InvalidParameter" and "must end with .fifo" in message
    shown = attributes(world, world.topic("t.fifo", FifoTopic="true"))
    assert (shown["FifoTopic"], shown["ContentBasedDeduplication"]) == ("true", "false")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Nonsense", "x", "Invalid parameter: AttributeName"),
        ("FifoTopic", "true", "Invalid parameter: AttributeName"),
        ("ContentBasedDeduplication", "true", "can only be set for FIFO topics"),
        ("DisplayName", "x" * 101, "Invalid parameter: DisplayName"),
        ("Policy", "{", "Invalid parameter: Policy Error: null"),
        ("Policy", '{"Statement":["x"]}', "Invalid parameter: Policy Error: null"),
        ("Policy", '{"Statement":[{"Sid":"\\ud800"}]}', "Invalid parameter: Policy Error: null"),
        ("MaximumMessageSize", "9" * 5000, "must be between"),
        ("HTTPSuccessFeedbackSampleRate", "²", "must be between"),
        ("SignatureVersion", "3", "Invalid value [3]"),
        ("TracingConfig", "on", "Invalid value [on]"),
        ("MaximumMessageSize", "12", "must be between 1024 and 1048576"),
        ("LambdaSuccessFeedbackSampleRate", "101", "must be between 0 and 100"),
        ("DeliveryPolicy", "[]", "Invalid parameter: DeliveryPolicy: failed to parse JSON"),
    ],
)
def test_attributes_are_checked(world: Targets, name: str, value: str, message: str) -> None:
    params = {"TopicArn": world.topic(), "AttributeName": name, "AttributeValue": value}
    assert message in refused(world, "SetTopicAttributes", **params)[1]


def test_archives_and_replays_are_refused_by_name(world: Targets) -> None:
    policy = {"ArchivePolicy": json.dumps({"MessageRetentionPeriod": "30"})}
    fifo = {"FifoTopic": "true"}
    refusal = ("NotImplemented", "Owari does not implement the ArchivePolicy of topics.")
    assert refused(world, "CreateTopic", Name="t.fifo", Attributes=fifo | policy) == refusal
    arn = world.call("sns", "CreateTopic", Name="t.fifo", Attributes=fifo)["TopicArn"]
    code, message = refused(
        world,
        "Subscribe",
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=QUEUE,
        Attributes={"ReplayPolicy": json.dumps({"PointType": "Timestamp"})},
    )
    assert (code, message) == (
        "NotImplemented",
        "Owari does not implement the ReplayPolicy of subscriptions.",
    )


def test_attributes_are_set_and_reset(world: Targets) -> None:
    arn = world.topic()
    policy = '{"Version":"2012-10-17","Statement":[]}'
    for name, value in (("DisplayName", "Films"), ("Policy", policy), ("SignatureVersion", "2")):
        world.call(
            "sns", "SetTopicAttributes", TopicArn=arn, AttributeName=name, AttributeValue=value
        )
    shown = attributes(world, arn)
    assert (shown["DisplayName"], shown["Policy"], shown["SignatureVersion"]) == (
        "Films", policy, "2",
    )  # fmt: skip
    world.call("sns", "SetTopicAttributes", TopicArn=arn, AttributeName="DisplayName")
    assert attributes(world, arn)["DisplayName"] == ""


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        (f"{ARN}x", "NotFound", "Topic does not exist"),
        ("t", "InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least"),
        ("arn:aws:sqs:us-east-1:000000000000:t", "InvalidParameter", "Invalid parameter: TopicArn"),
        (ARN.replace("east", "west"), "InvalidParameter", "Invalid parameter: TopicArn"),
    ],
)
def test_topics_that_are_not_there(world: Targets, arn: str, code: str, message: str) -> None:
    for operation in ("GetTopicAttributes", "ListSubscriptionsByTopic"):
        found = refused(world, operation, TopicArn=arn)
        assert found[0] == code and found[1].startswith(message)


def test_lists_are_paged_by_100(world: Targets) -> None:
    for n in range(101):
        world.topic(f"t{n:03}")
    first = world.call("sns", "ListTopics")
    second = world.call("sns", "ListTopics", NextToken=first["NextToken"])
    assert (len(first["Topics"]), len(second["Topics"])) == (100, 1)
    assert "NextToken" not in second
    assert refused(world, "ListTopics", NextToken="?!")[1] == "Invalid parameter: NextToken"


def test_deleting_takes_the_subscriptions_and_may_be_repeated(world: Targets) -> None:
    arn = world.topic()
    subscription = world.subscribe(arn, "sqs", QUEUE)
    world.call("sns", "DeleteTopic", TopicArn=arn)
    world.call("sns", "DeleteTopic", TopicArn=arn)
    assert world.call("sns", "ListSubscriptions")["Subscriptions"] == []
    assert refused(world, "GetSubscriptionAttributes", SubscriptionArn=subscription) == (
        "NotFound",
        "Subscription does not exist",
    )


def test_permissions_are_statements_of_the_policy(world: Targets) -> None:
    arn = world.topic()
    granted = {"TopicArn": arn, "Label": "l", "AWSAccountId": ["111122223333"]}
    world.call("sns", "AddPermission", **granted, ActionName=["Publish"])
    statement = json.loads(attributes(world, arn)["Policy"])["Statement"][1]
    assert statement == {
        "Sid": "l",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "SNS:Publish",
        "Resource": arn,
    }
    again = refused(world, "AddPermission", **granted, ActionName=["Publish"])
    assert again[1] == "Invalid parameter: Statement already exists"
    world.call("sns", "RemovePermission", TopicArn=arn, Label="l")
    assert len(json.loads(attributes(world, arn)["Policy"])["Statement"]) == 1
    assert refused(world, "RemovePermission", TopicArn=arn, Label="l")[0] == "InvalidParameter"


def test_tags(world: Targets) -> None:
    arn = world.topic()
    world.call("sns", "TagResource", ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    world.call("sns", "TagResource", ResourceArn=arn, Tags=[{"Key": "b", "Value": ""}])
    world.call("sns", "UntagResource", ResourceArn=arn, TagKeys=["a", "zzz"])
    assert world.call("sns", "ListTagsForResource", ResourceArn=arn) == {
        "Tags": [{"Key": "b", "Value": ""}]
    }
    many = [{"Key": str(n), "Value": ""} for n in range(50)]
    assert refused(world, "TagResource", ResourceArn=arn, Tags=many)[0] == "TagLimitExceeded"
    assert refused(world, "ListTagsForResource", ResourceArn=f"{arn}x") == (
        "ResourceNotFound",
        "Resource does not exist",
    )
