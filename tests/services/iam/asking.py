"""Small helpers of the IAM and STS tests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.errors import ServiceError
from tests.support.world import World

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
)


def refused(world: World, operation: str, service: str = "iam", **params: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        world.call(service, operation, **params)
    return caught.value.code, caught.value.message


def role(world: World, name: str = "r", **params: Any) -> dict[str, Any]:
    made = world.call("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=TRUST, **params)
    found: dict[str, Any] = made["Role"]
    return found
