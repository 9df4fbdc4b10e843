"""A day of schedules in minutes, on a real server that is killed on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.services.scheduler.conftest import ROLE
from tests.support.server import Server, eventually

HANDLER = """
def handler(event, context):
    print("HEARD", event)
"""


def test_schedules_run_functions(tmp_path: Path) -> None:
    """Fast clock; the server is killed, and what it missed meanwhile is made up for once."""
    with Server(tmp_path / "data", "--clock-speed", "60") as server:
        scheduler, logs = server.client("scheduler"), server.client("logs")
        target = {"Arn": server.function("f", HANDLER), "RoleArn": ROLE, "Input": '"tick"'}
        off = {"Mode": "OFF"}
        scheduler.create_schedule(
            Name="s", ScheduleExpression="rate(1 minute)", Target=target, FlexibleTimeWindow=off
        )

        def heard() -> int:
            names = [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]]
            if "/aws/lambda/f" not in names:
                return 0
            page = logs.filter_log_events(logGroupName="/aws/lambda/f", filterPattern="HEARD")
            return len(page["events"])

        eventually(lambda: heard() >= 2)
        server.kill()
        server.start()
        before = heard()
        eventually(lambda: heard() > before)


def test_the_aws_cli(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        aws = str(Path(sys.executable).parent / "aws")
        env = {
            "AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "PATH": "/usr/bin:/bin",
        }  # fmt: skip

        def run(*words: str) -> dict[str, object]:
            command = [aws, "scheduler", *words, "--output", "json"]
            done = subprocess.run(command, env=env, capture_output=True, timeout=120, check=True)
            found: dict[str, object] = json.loads(done.stdout or b"{}")
            return found

        queue = server.client("sqs").create_queue(QueueName="q")["QueueUrl"]
        arn = server.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        target = json.dumps({"Arn": arn["Attributes"]["QueueArn"], "RoleArn": ROLE, "Input": "hi"})
        run("create-schedule", "--name", "s", "--schedule-expression", "cron(0 9 ? * MON-FRI *)",
            "--schedule-expression-timezone", "Europe/Berlin", "--flexible-time-window",
            "Mode=OFF", "--target", target)  # fmt: skip
        found = run("get-schedule", "--name", "s")
        assert found["ScheduleExpressionTimezone"] == "Europe/Berlin"
        run("delete-schedule", "--name", "s")
        assert run("list-schedules")["Schedules"] == []
