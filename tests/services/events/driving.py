"""A world with a bus, queues to see what arrives, and shorthand for rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.world import ACCOUNT, REGION, World


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


class Bus:
    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.world = World(folder, seed=seed)

    def close(self) -> None:
        self.world.close()

    def events(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.world.call("events", operation, **params)

    def queue(self, name: str, **attributes: str) -> str:
        """Creates it; returns its ARN."""
        self.world.call("sqs", "CreateQueue", QueueName=name, Attributes=attributes)
        return arn("sqs", name)

    def rule(
        self, name: str, pattern: dict[str, Any] | None, *targets: dict[str, Any], **more: Any
    ) -> str:
        if pattern is not None:
            more["EventPattern"] = json.dumps(pattern)
        made = self.events("PutRule", Name=name, **more)
        bus = {"EventBusName": more["EventBusName"]} if "EventBusName" in more else {}
        if targets:
            self.events("PutTargets", Rule=name, Targets=list(targets), **bus)
        return str(made["RuleArn"])

    def put(self, detail: Any = None, **entry: Any) -> dict[str, Any]:
        whole = {"Source": "app", "DetailType": "thing", "Detail": json.dumps(detail or {})} | entry
        return self.events("PutEvents", Entries=[whole])

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """Takes what lies in the queue, in order."""
        self.world.settle()
        url = f"{self.world.config.host}/{ACCOUNT}/{queue.rpartition(':')[2]}"
        found: list[dict[str, Any]] = []
        while True:
            got = self.world.call(
                "sqs",
                "ReceiveMessage",
                QueueUrl=f"http://{url}",
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not got:
                return found
            found += got
            for message in got:
                self.world.call(
                    "sqs",
                    "DeleteMessage",
                    QueueUrl=f"http://{url}",
                    ReceiptHandle=message["ReceiptHandle"],
                )

    def bodies(self, queue: str) -> list[Any]:
        return [json.loads(message["Body"]) for message in self.messages(queue)]
