"""The cluster query language."""

from __future__ import annotations

import pytest

from owari.errors import ServiceError
from owari.services.ecs.query import Found, compiled

THERE: dict[str, Found] = {
    "attribute:stack": "prod",
    "attribute:ecs.availability-zone": "us-east-1a",
    "attribute:empty": "",
    "ec2InstanceId": "i-abcd1234",
    "agentConnected": "true",
    "runningTasksCount": "3",
    "registeredAt": "2030-01-01T00:00:00.000Z",
    "task:group": {"service:production", "family:f"},
    "agentVersion": "1.14.5",
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("attribute:stack == prod", True),
        ("attribute:stack equals 'prod'", True),
        ("attribute:stack != prod", False),
        ("attribute:none != prod", True),
        ("attribute:stack exists", True),
        ("attribute:empty exists", True),
        ("attribute:none exists", False),
        ("attribute:none !exists and attribute:other not_exists", True),
        ("attribute:ecs.availability-zone in [us-east-1a, us-east-1b]", True),
        ("attribute:ecs.availability-zone !in [us-east-1a]", False),
        ("attribute:ecs.availability-zone not_in [us-east-1d]", True),
        ("ec2InstanceId in ['i-abcd1234', 'i-wxyx7890']", True),
        ("attribute:stack =~ pr.* and attribute:ecs.availability-zone != us-east-1d", True),
        ("attribute:stack !~ pr.*", False),
        ("attribute:stack matches [a-q]rod", True),
        ("task:group == service:production", True),
        ("not(task:group == database)", True),
        ("!(task:group == service:production)", False),
        ("runningTasksCount == 3", True),
        ("runningTasksCount > 10", False),
        ("runningTasksCount <= 3", True),
        ("registeredAt < 2018-02-13", False),
        ("registeredAt >= 2018-06-18T22:28:28+00:00", True),
        ("agentVersion < 1.14.10", True),
        ("attribute:stack > 5", False),
        ("agentConnected == false || agentConnected == true", True),
        ("agentConnected == false or agentConnected == true and attribute:none exists", False),
        ("(agentConnected == true or attribute:none exists) && attribute:stack == prod", True),
    ],
)
def test_what_an_expression_chooses(expression: str, expected: bool) -> None:
    assert compiled(expression)(THERE.get) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "attribute:stack",
        "attribute:stack ==",
        "stack == prod",
        "attribute:stack is prod",
        "attribute:stack == prod prod",
        "(attribute:stack == prod",
        "attribute:stack == prod)",
        "attribute:stack in prod",
        "attribute:stack in [a b]",
        "attribute:stack in [a",
        "attribute:stack == 'prod",
        "runningTasksCount > many",
        "attribute:stack =~ (a+)+",
        "attribute:stack =~ a*a*a*a*b",
        "attribute:stack =~ [a",
        "not " * 50 + "attribute:stack == prod",
        "attribute:stack == " + "x" * 2000,
    ],
)
def test_what_is_no_expression(expression: str) -> None:
    with pytest.raises(ServiceError, match="Invalid expression"):
        compiled(expression)
