"""What is wrong with a definition, as ValidateStateMachineDefinition tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

SCHEMA = "SCHEMA_VALIDATION_FAILED"
TARGET = "MISSING_TRANSITION_TARGET"
DUPLICATE = "DUPLICATE_STATE_NAME"
NO_END = "MISSING_END_STATE"
NOT_JSON = "INVALID_JSON_DESCRIPTION"
BAD_JSONATA = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED_JSONATA = "UNSUPPORTED_JSONATA_EXPRESSION"


class Problem(NamedTuple):
    """`place` is within the value that was checked."""

    message: str
    place: str = ""
    code: str = SCHEMA


@dataclass(frozen=True, slots=True)
class Diagnostic:
    code: str
    message: str
    location: str | None = None
    severity: str = "ERROR"

    def text(self) -> str:
        """As CreateStateMachine words it, a missing location included."""
        if self.code == NOT_JSON:
            return f"{self.code}: {self.message}"
        return f"{self.code}: {self.message} at {self.location or 'null'}"

    def as_json(self) -> dict[str, str]:
        made = {"severity": self.severity, "code": self.code, "message": self.message}
        return made if self.location is None else {**made, "location": self.location}


@dataclass(slots=True)
class Findings:
    found: list[Diagnostic] = field(default_factory=list)

    def schema(self, message: str, location: str) -> None:
        self.found.append(Diagnostic(SCHEMA, message, location))

    def add(self, code: str, message: str, location: str | None) -> None:
        self.found.append(Diagnostic(code, message, location))

    def report(self, problems: Iterator[Problem], place: str) -> None:
        for problem in problems:
            self.add(problem.code, problem.message, place + problem.place)

    def required(self, missing: list[str], place: str) -> None:
        if missing:
            self.schema(f"These fields are required: [{', '.join(missing)}]", place)

    def unsupported(self, name: str, place: str) -> None:
        self.schema(f"Field '{name}' is not supported", place)


def message_of(found: list[Diagnostic]) -> str:
    """The message of InvalidDefinition."""
    return f"Invalid State Machine Definition: '{', '.join(d.text() for d in found)}'"
