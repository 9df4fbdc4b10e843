"""Message move tasks as values. Pure. Source: SQS API Reference, ListMessageMoveTasks."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from owari.services.sqs.faults import invalid_value, no_resource

RATE_MAX = 500  # messages per second
RESULTS_MAX = 10
RUNNING, CANCELLED, COMPLETED, FAILED = "RUNNING", "CANCELLED", "COMPLETED", "FAILED"


class TaskKey(NamedTuple):
    account: str
    region: str
    id: str


@dataclass(frozen=True, slots=True)
class Task:
    """`source` and `destination` are queue ARNs; without a destination messages go back to
    where they came from."""

    key: TaskKey
    source: str
    destination: str | None
    rate: int | None
    status: str
    moved: int
    to_move: int
    started: float
    failure: str | None

    @property
    def handle(self) -> str:
        text = json.dumps({"taskId": self.key.id, "sourceArn": self.source})
        return base64.b64encode(text.encode()).decode()

    def as_result(self) -> dict[str, Any]:
        """The handle is for running tasks only: there is nothing else to do with it."""
        shown = {
            "TaskHandle": self.handle if self.status == RUNNING else None,
            "Status": self.status,
            "SourceArn": self.source,
            "DestinationArn": self.destination,
            "MaxNumberOfMessagesPerSecond": self.rate,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "FailureReason": self.failure,
            "StartedTimestamp": int(self.started * 1000),
        }
        return {name: value for name, value in shown.items() if value is not None}


def task_id_of(handle: str) -> str:
    try:
        document = json.loads(base64.b64decode(handle, validate=True))
    except (ValueError, binascii.Error, RecursionError):
        document = None
    id = document.get("taskId") if isinstance(document, dict) else None
    if not isinstance(id, str):
        raise no_resource("TaskHandle")
    return id


def check_rate(rate: int | None) -> None:
    if rate is not None and not 1 <= rate <= RATE_MAX:
        reason = f"Must be between 1 and {RATE_MAX}, if provided."
        raise invalid_value(rate, "MaxNumberOfMessagesPerSecond", reason)


def results_of(asked: int | None) -> int:
    if asked is not None and not 1 <= asked <= RESULTS_MAX:
        reason = f"Must be between 1 and {RESULTS_MAX}, if provided."
        raise invalid_value(asked, "MaxResults", reason)
    return asked or 1
