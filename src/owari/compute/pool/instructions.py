"""What the pool is asked for and what it says is to be done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation as the pool sees it. `patient`: waits for capacity for as long as it takes."""

    number: int
    function: str
    environment: str
    slot: str
    memory_mib: int
    timeout_s: float
    concurrency: int | None = None
    patient: bool = False


# ---- instructions
@dataclass(frozen=True, slots=True)
class Start:
    """Start an environment; then tell `ready`, or `gone`."""

    environment: int
    identity: str
    memory_mib: int


@dataclass(frozen=True, slots=True)
class Invoke:
    """Give the call to the environment; then tell `finished`, or `gone`. `cold`: its first."""

    environment: int
    call: int
    cold: bool


@dataclass(frozen=True, slots=True)
class Throttle:
    """Tell the caller: not now. Nothing was run."""

    call: int
    why: str


@dataclass(frozen=True, slots=True)
class Fail:
    """The environment could not be initialised; this call is answered with its error."""

    environment: int
    call: int


@dataclass(frozen=True, slots=True)
class Expire:
    """Time is up: end the environment, and tell `gone` when it has ended."""

    environment: int
    call: int | None


@dataclass(frozen=True, slots=True)
class Retire:
    """End an idle environment. The pool has forgotten it already."""

    environment: int
    why: str


Instruction = Start | Invoke | Throttle | Fail | Expire | Retire
