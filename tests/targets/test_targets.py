"""From a target to its call, and what follows a failure."""

from __future__ import annotations

from typing import Any

import pytest

from owari.effects import Call
from owari.errors import ServiceError
from owari.targets.calls import Delivery, call_for, supports
from owari.targets.retrying import Again, GivenUp, Policy, after_failure, policy_of

HERE = "us-east-1:000000000000"


def delivered(arn: str, input: str = '{"a":1}', **parameters: Any) -> Call:
    return call_for(Delivery(arn, input, parameters, "http://here", "event-1"))


def test_each_kind_of_target() -> None:
    function = f"arn:aws:lambda:{HERE}:function:f"
    assert delivered(function).params == {
        "FunctionName": function, "InvocationType": "Event", "Payload": b'{"a":1}',
    }  # fmt: skip
    topic = f"arn:aws:sns:{HERE}:t"
    assert delivered(topic).params == {"TopicArn": topic, "Message": '{"a":1}'}
    queue = delivered(f"arn:aws:sqs:{HERE}:q.fifo", SqsParameters={"MessageGroupId": "g"})
    assert queue.params == {
        "QueueUrl": "http://here/000000000000/q.fifo", "MessageBody": '{"a":1}',
        "MessageGroupId": "g", "MessageDeduplicationId": "event-1",
    }  # fmt: skip
    machine = f"arn:aws:states:{HERE}:stateMachine:m"
    assert delivered(machine).params == {"stateMachineArn": machine, "input": '{"a":1}'}


def test_a_job_takes_what_the_input_says() -> None:
    queue = f"arn:aws:batch:{HERE}:job-queue/q"
    settings = {
        "JobName": "j", "JobDefinition": "d", "ArrayProperties": {"Size": 3},
        "RetryStrategy": {"Attempts": 2},
    }  # fmt: skip
    text = '{"Parameters":{"n":7},"ContainerOverrides":{"Environment":[{"Name":"A","Value":"b"}]}}'
    assert delivered(queue, text, BatchParameters=settings).params == {
        "jobName": "j", "jobQueue": queue, "jobDefinition": "d", "arrayProperties": {"size": 3},
        "retryStrategy": {"attempts": 2}, "parameters": {"n": "7"},
        "containerOverrides": {"environment": [{"name": "A", "value": "b"}]},
    }  # fmt: skip
    with pytest.raises(ServiceError):
        delivered(queue)


def test_a_task_takes_its_overrides_from_the_input() -> None:
    cluster = f"arn:aws:ecs:{HERE}:cluster/c"
    network = {"awsvpcConfiguration": {"Subnets": ["s"], "AssignPublicIp": "ENABLED"}}
    settings = {"TaskDefinitionArn": "t", "LaunchType": "FARGATE", "NetworkConfiguration": network}
    text = '{"containerOverrides":[{"name":"main"}],"else":1}'
    assert delivered(cluster, text, EcsParameters=settings).params == {
        "cluster": cluster, "taskDefinition": "t", "count": 1, "launchType": "FARGATE",
        "networkConfiguration": {
            "awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "ENABLED"}
        },
        "overrides": {"containerOverrides": [{"name": "main"}]},
    }  # fmt: skip


@pytest.mark.parametrize("arn", ["", "x", f"arn:aws:kinesis:{HERE}:stream/s", "arn:aws:s3:::b"])
def test_what_is_not_delivered_to(arn: str) -> None:
    assert not supports(arn)
    with pytest.raises(ServiceError) as caught:
        delivered(arn)
    assert caught.value.status == 501


USUAL = policy_of(None)


def failure(status: int, policy: Policy = USUAL, **more: Any) -> Again | GivenUp:
    known = {"attempt": 1, "created": 0.0, "now": 0.0, "chance": 0.5} | more
    return after_failure(policy, ServiceError("E", "m", status=status), **known)


def test_what_follows_a_failure() -> None:
    assert failure(404) == failure(400) == failure(501) == GivenUp("")
    assert isinstance(failure(429), Again) and isinstance(failure(500), Again)
    assert failure(500, Policy(attempts=0)) == GivenUp("MaximumRetryAttempts")
    assert failure(500, Policy(attempts=3), attempt=3) == Again(3.0)
    assert failure(500, Policy(age_s=60), now=59.5) == GivenUp("MaximumEventAgeInSeconds")
    assert policy_of(None) == Policy(185, 86_400)
    assert policy_of({"MaximumRetryAttempts": 0}) == Policy(0, 86_400)


def test_pauses_grow_to_a_bound() -> None:
    pauses = []
    for attempt in range(1, 186):
        found = failure(500, attempt=attempt, chance=0.999)
        assert isinstance(found, Again)
        pauses.append(found.due)
    assert pauses == sorted(pauses)
    assert pauses[0] <= 1.0 and pauses[-1] <= 600.0


def test_a_log_group_takes_a_message_or_what_the_input_says() -> None:
    arn = f"arn:aws:logs:{HERE}:log-group:/aws/events/all:*"
    plain = call_for(Delivery(arn, "not json", {}, "http://here", "event-1", 5.0)).params
    assert plain["logGroupName"] == "/aws/events/all"
    assert plain["logEvents"] == [{"timestamp": 5000, "message": "not json"}]
    told = delivered(arn, '{"timestamp": 7, "message": "hello"}').params
    assert told["logEvents"] == [{"timestamp": 7, "message": "hello"}]
