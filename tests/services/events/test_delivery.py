from __future__ import annotations

import json
from typing import Any

from owari.effects import Http
from owari.errors import ServiceError
from tests.services.events.driving import Bus, arn


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
    whole = {"Id": "1", "Arn": destination, "HttpParameters": {"PathParameterValues": ["a/b"]}}
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
