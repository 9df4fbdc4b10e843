"""A world with short words for what the tests of queues do all the time."""

from __future__ import annotations

import json
from typing import Any

import owari.services.sqs.api  # noqa: F401  (declares the service)
from owari.errors import ServiceError
from tests.support.world import ACCOUNT, REGION, World


def arn_of(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


class Queues(World):
    def queue(self, name: str = "q", tags: dict[str, str] | None = None, **settings: Any) -> str:
        """Create a queue; returns its URL. A name ending in `.fifo` makes a FIFO queue."""
        attributes = {key: str(value) for key, value in settings.items()}
        if name.endswith(".fifo"):
            attributes["FifoQueue"] = "true"
        made = self.call(
            "sqs", "CreateQueue", QueueName=name, Attributes=attributes, tags=tags or {}
        )
        url: str = made["QueueUrl"]
        return url

    def with_dead_letters(self, name: str, dead: str, receives: int) -> str:
        self.queue(dead)
        return self.queue(name, RedrivePolicy=redrive(dead, receives))

    def sqs(self, operation: str, url: str, **params: Any) -> dict[str, Any]:
        return self.call("sqs", operation, QueueUrl=url, **params)

    def send(self, url: str, body: str = "m", **params: Any) -> dict[str, Any]:
        return self.sqs("SendMessage", url, MessageBody=body, **params)

    def put(self, url: str, group: str, body: str) -> dict[str, Any]:
        """Send to a FIFO queue; the body is the deduplication id."""
        return self.send(url, body, MessageGroupId=group, MessageDeduplicationId=body)

    def receive(self, url: str, most: int = 10, **params: Any) -> list[dict[str, Any]]:
        answer = self.sqs("ReceiveMessage", url, MaxNumberOfMessages=most, **params)
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found

    def bodies(self, url: str, most: int = 10, **params: Any) -> list[str]:
        return [message["Body"] for message in self.receive(url, most, **params)]

    def delete(self, url: str, message: dict[str, Any]) -> None:
        self.sqs("DeleteMessage", url, ReceiptHandle=message["ReceiptHandle"])

    def hide(self, url: str, message: dict[str, Any], timeout_s: int) -> None:
        self.sqs(
            "ChangeMessageVisibility",
            url,
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=timeout_s,
        )

    def attributes(self, url: str, *names: str) -> dict[str, str]:
        answer = self.sqs("GetQueueAttributes", url, AttributeNames=list(names or ["All"]))
        found: dict[str, str] = answer.get("Attributes", {})
        return found

    def counts(self, url: str) -> tuple[int, int, int]:
        """Visible, in flight, delayed."""
        shown = self.attributes(url)
        names = ("", "NotVisible", "Delayed")
        visible, flying, delayed = (
            int(shown[f"ApproximateNumberOfMessages{name}"]) for name in names
        )
        return visible, flying, delayed

    def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """The code and message of the error that the operation must answer."""
        try:
            self.call("sqs", operation, **params)
        except ServiceError as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused")


def redrive(dead: str, receives: int) -> str:
    return json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": receives})
