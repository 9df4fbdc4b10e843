"""Parameters and secrets from workflows and schedules, which call any operation there is."""

from __future__ import annotations

import json
from typing import Any

from tests.services.ssm.conftest import Store
from tests.services.stepfunctions.service.driving import ended, machine, start, states, task

SDK = "arn:aws:states:::aws-sdk"


def test_a_workflow_puts_and_gets(store: Store) -> None:
    world = store.world
    world.call("secretsmanager", "CreateSecret", Name="db", SecretString='{"user": "u"}')
    secret = task(f"{SDK}:secretsmanager:getSecretValue") | {
        "Parameters": {"SecretId": "db"},
        "ResultSelector": {"user.$": "States.StringToJson($.SecretString)"},
        "ResultPath": "$.secret",
    }
    put = task(f"{SDK}:ssm:putParameter") | {
        "Parameters": {"Name": "/app/user", "Type": "String", "Value.$": "$.secret.user.user"},
        "ResultPath": None,
    }
    get = task(f"{SDK}:ssm:getParameter") | {
        "Parameters": {"Name": "/app/user:1"},
        "ResultSelector": {"value.$": "$.Parameter.Value", "arn.$": "$.Parameter.Arn"},
    }
    execution = start(world, machine(world, states(("Secret", secret), ("Put", put), ("Get", get))))
    output = json.loads(ended(world, execution)["output"])
    assert output == {
        "value": "u", "arn": "arn:aws:ssm:us-east-1:000000000000:parameter/app/user",
    }  # fmt: skip
    assert store.get("/app/user")["Value"] == "u"


def test_what_is_missing_can_be_caught(store: Store) -> None:
    def caught(resource: str, parameters: dict[str, Any], error: str) -> str:
        failing = task(f"{SDK}:{resource}") | {
            "Parameters": parameters,
            "Catch": [{"ErrorEquals": [error], "Next": "Caught"}],
            "Next": "Caught",
        }
        definition = states(("T", failing), ("Caught", {"Type": "Pass"}))
        made = machine(store.world, definition, resource.replace(":", "-"))
        told = json.loads(ended(store.world, start(store.world, made))["output"])
        assert told["Error"] == error
        return str(told["Cause"])

    caught("ssm:getParameter", {"Name": "/none"}, "Ssm.ParameterNotFoundException")
    cause = caught(
        "secretsmanager:getSecretValue", {"SecretId": "none"},
        "SecretsManager.ResourceNotFoundException",
    )  # fmt: skip
    assert cause.startswith("Secrets Manager can't find the specified secret. (Service: ")


def test_a_schedule_puts_a_parameter(store: Store) -> None:
    given = {"Name": "seen", "Value": "<aws.scheduler.scheduled-time>", "Type": "String"}
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:ssm:putParameter", "Input": json.dumps(given),
        "RoleArn": "arn:aws:iam::000000000000:role/any",
    }  # fmt: skip
    store.world.call(
        "scheduler", "CreateSchedule", Name="s", ScheduleExpression="at(2030-01-01T01:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"}, Target=target,
    )  # fmt: skip
    store.world.advance(3601)
    assert store.get("seen")["Value"] == "2030-01-01T01:00:00Z"
