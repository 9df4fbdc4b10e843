"""A secret, its versions and its rotation, as they are kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from owari.services.secretsmanager.core import Stages


@dataclass(slots=True)
class Rotation:
    """How it is to be rotated. `due_by` is the end of the next window, for `DescribeSecret`."""

    function: str
    rules: dict[str, Any]
    enabled: bool = True
    due_by: float | None = None


@dataclass(slots=True)
class Rotating:
    """A rotation under way: `effect` is the call of the function for `step`. A trial only tests
    the function, as RotateImmediately=false asks."""

    token: str
    step: int
    attempt: int = 1
    effect: str = ""
    trial: bool = False


@dataclass(slots=True)
class Secret:
    """`deletes` is when it will be gone, `failure` why the last rotation came to nothing, `timer`
    the wake-up for its deletion or its next rotation."""

    name: str
    arn: str
    created: float
    changed: float
    description: str = ""
    key: str = ""
    policy: str = ""
    stages: Stages = field(default_factory=dict)
    rotation: Rotation | None = None
    rotating: Rotating | None = None
    accessed: float | None = None
    rotated: float | None = None
    deletes: float | None = None
    failure: str = ""
    timer: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A version without its value."""

    id: str
    created: float
    key: str
    accessed: float | None
    has_value: bool


@dataclass(slots=True)
class Version:
    """Without a value: a rotation has made it and not filled it yet."""

    id: str
    created: float
    key: str
    text: str | None = None
    binary: bytes | None = None
    accessed: float | None = None

    @property
    def has_value(self) -> bool:
        return self.text is not None or self.binary is not None
