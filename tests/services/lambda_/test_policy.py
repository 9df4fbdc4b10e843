from __future__ import annotations

from typing import Any

import pytest

from owari.services.lambda_.policy import document, statement
from tests.services.lambda_.support import arn, refusal


def made(**given: Any) -> dict[str, Any]:
    base = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    return statement(base | given, arn("f"))


@pytest.mark.parametrize(
    ("principal", "meaning"),
    [
        ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
        ("123456789012", {"AWS": "arn:aws:iam::123456789012:root"}),
        ("arn:aws:iam::123456789012:role/r", {"AWS": "arn:aws:iam::123456789012:role/r"}),
        ("*", "*"),
    ],
)
def test_principals(principal: str, meaning: Any) -> None:
    assert made(Principal=principal)["Principal"] == meaning


def test_conditions_are_worded_as_on_aws() -> None:
    assert made(SourceAccount="123456789012", SourceArn="arn:aws:s3:::b") == {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn("f"),
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": "123456789012"},
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"},
        },
    }
    assert "Condition" not in made()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Principal": "nobody"}, "InvalidParameterValueException"),
        ({"StatementId": "a b"}, "ValidationException"),
        ({"Action": "s3:GetObject"}, "ValidationException"),
    ],
)
def test_bad_statements(given: dict[str, str], code: str) -> None:
    assert refusal(lambda: made(**given)).code == code


def test_a_policy_has_at_most_twenty_kilobytes() -> None:
    many = [made(StatementId=f"s{n}") for n in range(200)]
    assert refusal(lambda: document(many)).code == "PolicyLengthExceededException"
    assert document(many[:50])
