"""What is wrong with a definition, as ValidateStateMachineDefinition tells it."""

from __future__ import annotations

from dataclasses import dataclass, field

SCHEMA = "SCHEMA_VALIDATION_FAILED"
TARGET = "MISSING_TRANSITION_TARGET"
DUPLICATE = "DUPLICATE_STATE_NAME"
NO_END = "MISSING_END_STATE"
NOT_JSON = "INVALID_JSON_DESCRIPTION"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    code: str
    message: str
    location: str | None = None
    severity: str = "ERROR"

    def text(self) -> str:
        """As CreateStateMachine words it."""
        where = f" at {self.location}" if self.location is not None else ""
        return f"{self.code}: {self.message}{where}"

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


def message_of(found: list[Diagnostic]) -> str:
    """The message of InvalidDefinition."""
    return f"Invalid State Machine Definition: '{', '.join(d.text() for d in found)}'"
