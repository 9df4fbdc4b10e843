"""A real server, killed with SIGKILL while executions run: each goes on and ends well."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.services.stepfunctions.service.driving import ROLE, states, task
from tests.support.server import Server, eventually

WORK = """
import time
def handler(event, context):
    time.sleep(0.05)
    return event
"""


@pytest.mark.acceptance
def test_executions_survive_kills(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        work = server.function("work", WORK)
        steps = states(
            ("A", task(work)),
            ("W", {"Type": "Wait", "Seconds": 1}),
            (
                "M",
                {
                    "Type": "Map",
                    "ItemsPath": "$.items",
                    "ItemProcessor": states(("E", task(work))),
                },
            ),
        )
        client = server.client("stepfunctions")
        machine = client.create_state_machine(name="m", definition=json.dumps(steps), roleArn=ROLE)[
            "stateMachineArn"
        ]
        arns = [
            client.start_execution(
                stateMachineArn=machine, input=json.dumps({"items": [1, 2, 3], "n": n})
            )["executionArn"]
            for n in range(10)
        ]
        for _ in range(3):
            time.sleep(0.3)
            server.kill()
            server.start()
        client = server.client("stepfunctions")

        def finished() -> list[Any] | None:
            told = [client.describe_execution(executionArn=arn) for arn in arns]
            return told if all(t["status"] != "RUNNING" for t in told) else None

        for told in eventually(finished):
            assert told["status"] == "SUCCEEDED", told
            assert json.loads(told["output"]) == [1, 2, 3]
        for arn in arns:
            events = client.get_execution_history(executionArn=arn)["events"]
            assert [e["id"] for e in events] == list(range(1, len(events) + 1))
            kinds = Counter(e["type"] for e in events)
            assert kinds["LambdaFunctionScheduled"] == kinds["LambdaFunctionSucceeded"] == 4
