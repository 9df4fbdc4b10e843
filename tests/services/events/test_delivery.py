from __future__ import annotations

import json
from typing import Any

import pytest

from owari.effects import Http
from owari.errors import ServiceError
from tests.services.events.driving import Bus, arn
from tests.support.server import ROLE


def told(message: dict[str, Any]) -> dict[str, str]:
    return {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}


def test_a_target_that_is_not_there_makes_a_dead_letter_at_once(bus: Bus) -> None:
    dead = bus.queue("dead")
    target = arn("lambda", "function:nobody")
    rule = bus.rule(
        "r",
        {"source": ["app"]},
        {
            "Id": "1",
            "Arn": target,
            "Input": '{"not":"the event"}',
            "DeadLetterConfig": {"Arn": dead},
        },
    )
    bus.put({"n": 1})
    (message,) = bus.messages(dead)
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    attributes = told(message)
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes == {"RULE_ARN": rule, "TARGET_ARN": target, "ERROR_CODE": "NO_RESOURCE"}


def _web(bus: Bus, **target: Any) -> str:
    connection = bus.events(
        "CreateConnection",
        Name="c",
        AuthorizationType="API_KEY",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"},
            "InvocationHttpParameters": {
                "BodyParameters": [{"Key": "more", "Value": "1"}],
                "QueryStringParameters": [{"Key": "q", "Value": "a b", "IsValueSecret": True}],
            },
        },
    )["ConnectionArn"]
    destination = bus.events(
        "CreateApiDestination",
        Name="d",
        ConnectionArn=connection,
        InvocationEndpoint="https://example.com/*/in",
        HttpMethod="POST",
    )["ApiDestinationArn"]
    whole = {"Id": "1", "Arn": destination, "RoleArn": ROLE}
    whole |= {"HttpParameters": {"PathParameterValues": ["a/b"]}}
    bus.rule("r", {"source": ["app"]}, whole | target)
    return str(destination)


def test_an_api_destination(bus: Bus) -> None:
    _web(bus, InputPath="$.detail")
    bus.put({"n": 1})
    bus.world.settle()
    (request,) = bus.world.http.sent
    assert (request.method, request.url) == ("POST", "https://example.com/a%2Fb/in?q=a+b")
    assert request.headers["x-key"] == "secret"
    assert json.loads(request.body) == {"n": 1, "more": "1"}
    assert not bus.world.effects()
    shown = bus.events("DescribeConnection", Name="c")["AuthParameters"]
    assert "secret" not in json.dumps(shown) and "a b" not in json.dumps(shown)


def test_retries_end_by_their_number(bus: Bus) -> None:
    dead = bus.queue("dead")
    _web(bus, RetryPolicy={"MaximumRetryAttempts": 3}, DeadLetterConfig={"Arn": dead})
    bus.world.http.answer = lambda _request: 503
    bus.put()
    bus.world.advance(3600)
    assert len(bus.world.http.sent) == 4
    (message,) = bus.messages(dead)
    attributes = told(message)
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert attributes["RETRY_ATTEMPTS"] == "3"
    assert attributes["ERROR_CODE"] == "ERROR_FROM_TARGET"
    assert not bus.world.kernel.reader.execute("SELECT * FROM events_letter").fetchall()


def test_retries_end_by_the_age_of_the_event(bus: Bus) -> None:
    dead = bus.queue("dead")
    _web(bus, RetryPolicy={"MaximumEventAgeInSeconds": 60}, DeadLetterConfig={"Arn": dead})

    def refuse(_request: Http) -> int:
        raise ServiceError("ConnectionError", "refused", status=503)

    bus.world.http.answer = refuse
    bus.put()
    bus.world.advance(120)
    (message,) = bus.messages(dead)
    assert told(message)["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert told(message)["ERROR_CODE"] == "CONNECTION_FAILURE"


def test_what_will_not_get_better_is_not_tried_again(bus: Bus) -> None:
    _web(bus)
    bus.world.http.answer = lambda _request: 400
    bus.put()
    bus.world.advance(3600)
    assert len(bus.world.http.sent) == 1
    assert not bus.world.effects()


def test_without_a_policy_a_target_is_tried_for_a_day(bus: Bus) -> None:
    _web(bus)
    bus.world.http.answer = lambda _request: 500
    bus.put()
    bus.world.advance(2 * 86_400)
    assert 180 <= len(bus.world.http.sent) <= 186
    assert not bus.world.effects()


def test_an_input_that_cannot_be_read_is_no_failure_of_the_event(bus: Bus) -> None:
    letters, deep = bus.queue("letters"), "[" * 480 + "]" * 480
    parameters = {"JobDefinition": "d", "JobName": "n"}
    bus.rule(
        "r",
        {"source": ["app"]},
        {
            "Id": "1",
            "Arn": arn("batch", "job-queue/q"),
            "RoleArn": ROLE,
            "BatchParameters": parameters,
            "InputPath": "$.detail",
            "DeadLetterConfig": {"Arn": letters},
        },
    )
    answer = bus.put(Detail=f'{{"ContainerOverrides":{{"a":{deep}}}}}')
    assert answer["FailedEntryCount"] == 0
    (letter,) = bus.messages(letters)
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "INVALID_PARAMETER"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"Input": "nope"}, "JSON syntax error in input for target 1"),
        ({"Input": "[" * 8000}, "JSON syntax error in input for target 1"),
        ({"DeadLetterConfig": {"Arn": arn("sqs", "d.fifo")}}, "DeadLetterConfig"),
    ],
)
def test_targets_that_cannot_be(bus: Bus, target: dict[str, Any], words: str) -> None:
    bus.rule("r", {"source": ["app"]})
    whole = {"Id": "1", "Arn": arn("lambda", "function:f")} | target
    with pytest.raises(ServiceError, match=words):
        bus.events("PutTargets", Rule="r", Targets=[whole])


@pytest.mark.parametrize("statements", ['["x"]', '"x"', '[{"Sid":"a"},1]'])
def test_a_policy_is_of_statements(bus: Bus, statements: str) -> None:
    with pytest.raises(ServiceError, match="Policy"):
        bus.events("PutPermission", Policy=f'{{"Statement":{statements}}}')


def test_tokens_of_others(bus: Bus) -> None:
    bus.rule("r1", {"source": ["app"]})
    bus.rule("r2", {"source": ["app"]})
    token = bus.events("ListRules", Limit=1)["NextToken"]
    (rule,) = bus.events("ListRules", NextToken=token)["Rules"]
    assert rule["Name"] == "r2"
    for operation, bad in (
        ("ListRules", "YWJj"),
        ("ListRules", "!!"),
        ("ListRules", "W1tbW1tb" * 200),
        ("ListEventBuses", token),
    ):
        with pytest.raises(ServiceError, match="NextToken"):
            bus.events(operation, NextToken=bad)
