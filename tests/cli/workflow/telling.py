"""Histories as GetExecutionHistory gives them, written shortly; an event a second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from owari.cli.workflow.history import Progress

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)
Event = dict[str, Any]


class History:
    """Each method adds an event after `after` (else the latest) and returns its id."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.add("ExecutionStarted")

    def add(self, kind: str, after: int | None = None, **details: Any) -> int:
        number = len(self.events) + 1
        event: Event = {
            "id": number,
            "previousEventId": number - 1 if after is None else after,
            "timestamp": EPOCH + timedelta(seconds=number),
            "type": kind,
        }
        if details:
            event[f"{kind[0].lower()}{kind[1:]}EventDetails"] = details
        self.events.append(event)
        return number

    def enter(self, kind: str, name: str, after: int | None = None) -> int:
        number = self.add(f"{kind}StateEntered", after)
        self.events[-1]["stateEnteredEventDetails"] = {"name": name}
        return number

    def exit(self, kind: str, name: str, after: int | None = None) -> int:
        number = self.add(f"{kind}StateExited", after)
        self.events[-1]["stateExitedEventDetails"] = {"name": name}
        return number

    def fail(self, error: str, after: int | None = None) -> int:
        return self.add("LambdaFunctionFailed", after, error=error, cause=f"because {error}")

    def schedule(self, after: int | None = None) -> int:
        return self.add("LambdaFunctionScheduled", after)

    def progress(self) -> Progress:
        found = Progress()
        for event in self.events:
            found.take(event)
        return found

    @property
    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=len(self.events))
