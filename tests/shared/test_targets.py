from __future__ import annotations

import json
from typing import Any

import pytest

from owari.effects import Call
from owari.targets import BadInput, NoSuchTarget, call_to, kind_of

HERE = "us-east-1:000000000000"


def call(arn: str, text: str = "{}", **parameters: Any) -> Call:
    return call_to({"Arn": arn} | parameters, text, endpoint="http://owari", now=5.0)


def test_plain_targets() -> None:
    function = f"arn:aws:lambda:{HERE}:function:f:live"
    params = {"FunctionName": function, "InvocationType": "Event", "Payload": b"{}"}
    assert call(function) == Call("lambda", "Invoke", params)
    topic = f"arn:aws:sns:{HERE}:t"
    assert call(topic, "x") == Call("sns", "Publish", {"TopicArn": topic, "Message": "x"})
    machine = f"arn:aws:states:{HERE}:stateMachine:m"
    started = {"stateMachineArn": machine, "input": "{}"}
    assert call(machine) == Call("stepfunctions", "StartExecution", started)


def test_a_queue_with_a_group() -> None:
    made = call(f"arn:aws:sqs:{HERE}:q.fifo", "x", SqsParameters={"MessageGroupId": "g"})
    assert made.params == {
        "QueueUrl": "http://owari/000000000000/q.fifo",
        "MessageBody": "x",
        "MessageGroupId": "g",
    }


def test_a_job() -> None:
    queue = f"arn:aws:batch:{HERE}:job-queue/q"
    text = {"Parameters": {"n": 3}, "ContainerOverrides": {"Command": ["a"], "Vcpus": 2}}
    made = call(
        queue,
        json.dumps(text),
        BatchParameters={
            "JobName": "j",
            "JobDefinition": "d",
            "ArrayProperties": {"Size": 7},
            "RetryStrategy": {"Attempts": 2},
        },
    )
    assert made == Call(
        "batch",
        "SubmitJob",
        {
            "jobName": "j",
            "jobQueue": queue,
            "jobDefinition": "d",
            "arrayProperties": {"size": 7},
            "retryStrategy": {"attempts": 2},
            "parameters": {"n": "3"},
            "containerOverrides": {"command": ["a"], "vcpus": 2},
        },
    )


def test_a_task() -> None:
    made = call(
        f"arn:aws:ecs:{HERE}:cluster/c",
        json.dumps({"containerOverrides": [{"name": "n", "command": ["x"]}], "source": "aws.s3"}),
        EcsParameters={
            "TaskDefinitionArn": "td",
            "TaskCount": 2,
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["s"]}},
        },
    )
    assert made.params == {
        "cluster": f"arn:aws:ecs:{HERE}:cluster/c",
        "taskDefinition": "td",
        "count": 2,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"]}},
        "overrides": {"containerOverrides": [{"name": "n", "command": ["x"]}]},
    }


def test_a_log_group() -> None:
    arn = f"arn:aws:logs:{HERE}:log-group:/aws/events/all:*"
    assert call(arn, "not json").params["logEvents"] == [{"timestamp": 5000, "message": "not json"}]
    told = call(arn, '{"timestamp": 7, "message": "hello"}').params
    assert told["logGroupName"] == "/aws/events/all"
    assert told["logEvents"] == [{"timestamp": 7, "message": "hello"}]


def test_a_bus() -> None:
    arn = f"arn:aws:events:{HERE}:event-bus/b"
    made = call(arn, '{"a":1}', EventBridgeParameters={"Source": "s", "DetailType": "d"})
    entry = {"EventBusName": arn, "Source": "s", "DetailType": "d", "Detail": '{"a":1}'}
    assert made == Call("events", "PutEvents", {"Entries": [entry]})


def test_what_cannot_be() -> None:
    assert kind_of("nonsense") is None
    assert kind_of(f"arn:aws:kinesis:{HERE}:stream/s") is None
    with pytest.raises(NoSuchTarget):
        call(f"arn:aws:kinesis:{HERE}:stream/s")
    with pytest.raises(BadInput):
        call(f"arn:aws:batch:{HERE}:job-queue/q", "not json")
