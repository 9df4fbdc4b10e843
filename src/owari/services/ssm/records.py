"""A parameter and its versions, as they are kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SECURE = "SecureString"
STANDARD, ADVANCED, INTELLIGENT = "Standard", "Advanced", "Intelligent-Tiering"
PENDING, FINISHED = "Pending", "Finished"


@dataclass(slots=True)
class Policy:
    """`text` is the JSON it was given as, `due` when it is to be carried out next."""

    type: str
    text: str
    due: float
    status: str = PENDING

    def shown(self) -> dict[str, Any]:
        return {"PolicyText": self.text, "PolicyType": self.type, "PolicyStatus": self.status}


@dataclass(slots=True)
class Version:
    """`pattern` is its AllowedPattern, `key` its KeyId, `user` who made it."""

    number: int
    value: str
    type: str
    tier: str
    data_type: str
    description: str
    pattern: str
    key: str
    user: str
    modified: float
    labels: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Parameter:
    """`latest` is its newest version, `timer` the wake-up for the next of its policies."""

    name: str
    arn: str
    latest: Version
    policies: list[Policy]
    timer: str | None = None
