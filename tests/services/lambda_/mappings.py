"""A queue, a function and the mapping between them, for the tests of mappings."""

from __future__ import annotations

from typing import Any

from owari.compute.base import Spec
from tests.services.lambda_.support import create
from tests.support.world import ACCOUNT, REGION, World

Record = dict[str, Any]


class Line:
    """`queue` → `function`. What the function got is in `batches`, a list of records for each
    invocation; it answers what `answer(records)` says."""

    def __init__(
        self, world: World, queue: str = "q", function: str = "f", **settings: Any
    ) -> None:
        self.world = world
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
        self.url = f"{world.kernel.endpoint}/{ACCOUNT}/{queue}"
        self.function = function
        self.batches: list[list[Record]] = []
        self.answer: Any = lambda _records: None
        world.compute.handlers[function] = self._handle
        attributes = settings.pop("attributes", {})
        if queue.endswith(".fifo"):
            attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} | attributes
        world.call("sqs", "CreateQueue", QueueName=queue, Attributes=attributes)
        create(world, function)
        self.uuid = self.map(**settings)["UUID"] if settings.pop("map", True) else ""
        world.settle(0.01)

    def map(self, **settings: Any) -> dict[str, Any]:
        given = {"FunctionName": self.function, "EventSourceArn": self.arn}
        return self.world.call("lambda", "CreateEventSourceMapping", **(given | settings))

    def _handle(self, event: Any, _spec: Spec) -> Any:
        self.batches.append(event["Records"])
        return self.answer(event["Records"])

    def send(self, *bodies: str, **fields: Any) -> None:
        for body in bodies:
            self.world.call("sqs", "SendMessage", QueueUrl=self.url, MessageBody=body, **fields)

    def fill(self, count: int, body: str = "{}") -> None:
        """Send many at once: "0", "1", …"""
        for at in range(0, count, 10):
            entries = [
                {"Id": str(n), "MessageBody": body.format(n)}
                for n in range(at, min(at + 10, count))
            ]
            self.world.call("sqs", "SendMessageBatch", QueueUrl=self.url, Entries=entries)

    def get(self) -> dict[str, Any]:
        return self.world.call("lambda", "GetEventSourceMapping", UUID=self.uuid)

    def update(self, **settings: Any) -> dict[str, Any]:
        return self.world.call("lambda", "UpdateEventSourceMapping", UUID=self.uuid, **settings)

    def counts(self) -> tuple[int, int]:
        """Messages in the queue: visible, in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.world.call(
            "sqs", "GetQueueAttributes", QueueUrl=self.url, AttributeNames=names
        )["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    @property
    def bodies(self) -> list[list[str]]:
        return [[record["body"] for record in batch] for batch in self.batches]

    @property
    def records(self) -> list[Record]:
        return [record for batch in self.batches for record in batch]

    @property
    def all_bodies(self) -> list[str]:
        return [record["body"] for record in self.records]
