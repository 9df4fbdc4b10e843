"""A world whose queues and functions are recorders that answer as the test tells them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from owari.errors import ServiceError
from owari.store.tx import Tx
from owari.wire.operation import REGISTRY, Operation, Registry
from tests.support.world import ACCOUNT, REGION, World

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shrink"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
DEAD = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"


class Targets(World):
    """`invoked` and `queued` are what arrived, with the time; `failure` is raised instead."""

    def __init__(self, folder: Path) -> None:
        self.invoked: list[tuple[float, str, dict[str, Any]]] = []
        self.queued: list[dict[str, Any]] = []
        self.attempts: list[float] = []
        self.failure: ServiceError | None = None
        operations = dict(REGISTRY.operations)
        for service, name, handler in (
            ("lambda", "Invoke", self._invoke),
            ("sqs", "SendMessage", self._send),
        ):
            operations[service, name] = Operation(service, name, handler, lambda _p: False)
        super().__init__(
            folder,
            registry=Registry(
                operations,
                REGISTRY.reactions,
                REGISTRY.prepares,
                REGISTRY.migrations,
                REGISTRY.initial,
            ),
        )

    def _invoke(self, tx: Tx, p: dict[str, Any]) -> dict[str, Any]:
        self.attempts.append(tx.now)
        if self.failure is not None:
            raise self.failure
        self.invoked.append((tx.now, tx.principal, p))
        return {"StatusCode": 202}

    def _send(self, tx: Tx, p: dict[str, Any]) -> dict[str, Any]:
        if self.failure is not None and p["QueueUrl"].endswith("/jobs"):
            raise self.failure
        self.queued.append(p)
        return {"MessageId": "m"}

    def topic(self, name: str = "t", **attributes: str) -> str:
        arn: str = self.call("sns", "CreateTopic", Name=name, Attributes=attributes)["TopicArn"]
        return arn

    def subscribe(self, topic: str, protocol: str, endpoint: str, **attributes: str) -> str:
        arn: str = self.call(
            "sns",
            "Subscribe",
            TopicArn=topic,
            Protocol=protocol,
            Endpoint=endpoint,
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return arn
