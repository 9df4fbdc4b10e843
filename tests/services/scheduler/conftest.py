"""Schedules in a world of simulated time; it begins at 2030-01-01T00:00:00Z, a Tuesday."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.world import World

HERE = "us-east-1:000000000000"
ROLE = "arn:aws:iam::000000000000:role/scheduler"
OFF = {"Mode": "OFF"}


class Clockwork:
    """A queue to be told, and `make(...)` for a schedule that tells it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.queue = self.call("sqs", "CreateQueue", QueueName="told")["QueueUrl"]
        self.arn = f"arn:aws:sqs:{HERE}:told"

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        return self.world.call(service, operation, **params)

    def make(self, name: str, expression: str, **more: Any) -> str:
        target = {"Arn": self.arn, "RoleArn": ROLE} | more.pop("target", {})
        if target["Arn"] == self.arn:
            target.setdefault("Input", f"{name} <aws.scheduler.scheduled-time>")
        settings = {"FlexibleTimeWindow": OFF} | more
        made = self.call(
            "scheduler", "CreateSchedule", Name=name, ScheduleExpression=expression,
            Target=target, **settings,
        )  # fmt: skip
        return str(made["ScheduleArn"])

    def messages(self, url: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self.call(
                "sqs", "ReceiveMessage", QueueUrl=url or self.queue, MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
            ).get("Messages", [])  # fmt: skip
            for message in page:
                self.call(
                    "sqs", "DeleteMessage", QueueUrl=url or self.queue,
                    ReceiptHandle=message["ReceiptHandle"],
                )  # fmt: skip
            found += page
            if not page:
                return found

    def told(self) -> list[str]:
        return [message["Body"] for message in self.messages()]


@pytest.fixture
def clockwork(tmp_path: Path) -> Iterator[Clockwork]:
    world = World(tmp_path)
    yield Clockwork(world)
    world.close()
