"""The life of a task: its statuses, its containers' states, and what follows from them.

Containers start together, except where one waits for another. When an essential one ends, or
the task is to stop, the others are stopped: each only after those that depend on it have ended.
Source: ECS developer guide, "Task lifecycle", "Container dependency".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

PROVISIONING, PENDING, ACTIVATING, RUNNING = "PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"
DEACTIVATING, STOPPING = "DEACTIVATING", "STOPPING"
DEPROVISIONING, STOPPED = "DEPROVISIONING", "STOPPED"
BEFORE_RUNNING = (PROVISIONING, PENDING, ACTIVATING)
ENDING = (DEACTIVATING, STOPPING, DEPROVISIONING)

WAITS, GIVEN, RUNS, OVER = "waits", "given", "runs", "over"  # of a container
HEALTHY, UNHEALTHY, UNKNOWN = "HEALTHY", "UNHEALTHY", "UNKNOWN"

FAILED_TO_START = "TaskFailedToStart"
EXITED = "EssentialContainerExited"
BY_USER = "UserInitiated"
BY_SCHEDULER = "ServiceSchedulerInitiated"
TERMINATED = "TerminationNotice"

Json = dict[str, Any]


@dataclass(slots=True)
class Part:
    """One container of a task. Times in epoch seconds; `run` is the effect that runs it."""

    state: str = WAITS
    run: str = ""
    exit_code: int | None = None
    reason: str = ""
    status: str = ""  # of the run report
    started: float | None = None
    stopped: float | None = None
    told_to_stop: bool = False
    health: str = UNKNOWN
    misses: int = 0  # health checks failed one after another
    given_up: bool = False  # did not become what others wait for within its startTimeout

    def as_json(self) -> list[Any]:
        return [getattr(self, name) for name in self.__slots__]


@dataclass(slots=True)
class Advance:
    """What is to be done after something happened to a task's containers."""

    start: list[int] = field(default_factory=list)
    stop: list[int] = field(default_factory=list)
    ends: bool = False
    over: bool = False


def is_essential(container: Json) -> bool:
    return bool(container.get("essential", True))


def depends_on(container: Json) -> list[tuple[str, str]]:
    """(container name, condition)…"""
    return [(d["containerName"], d["condition"]) for d in container.get("dependsOn", ())]


def advance(containers: Sequence[Json], parts: Sequence[Part], *, wanted: bool) -> Advance:
    """Look at all containers. Those that can never start are marked as over."""
    todo = Advance(ends=not wanted or deciding_part(containers, parts) is not None)
    for number, part in enumerate(parts):
        if part.state == WAITS:
            ready = None if todo.ends else is_ready(number, containers, parts)
            if ready is None:
                part.state = OVER
                if not todo.ends:
                    part.status, part.reason = "failed", "A dependency of the container was not met"
                    todo.ends = deciding_part(containers, parts) is not None
            elif ready:
                todo.start.append(number)
    if todo.ends:
        todo.start = []
        for number, part in enumerate(parts):
            if part.state in (GIVEN, RUNS) and not part.told_to_stop:
                if not _is_needed(containers[number]["name"], containers, parts):
                    todo.stop.append(number)
            elif part.state == WAITS:
                part.state = OVER
    todo.over = not todo.start and all(part.state == OVER for part in parts)
    todo.ends = todo.ends or todo.over
    return todo


def is_ready(number: int, containers: Sequence[Json], parts: Sequence[Part]) -> bool | None:
    """Whether a container may start; None: never."""
    by_name = {c["name"]: part for c, part in zip(containers, parts, strict=True)}
    answers = [_is_met(by_name[n], condition) for n, condition in depends_on(containers[number])]
    return None if None in answers else all(answers)


def _is_met(other: Part, condition: str) -> bool | None:
    if other.given_up or (other.state == OVER and other.exit_code is None):
        return None
    match condition:
        case "START":
            return other.state in (RUNS, OVER)
        case "COMPLETE":
            return other.state == OVER
        case "SUCCESS":
            return (
                other.exit_code == 0
                if other.state == OVER and other.exit_code == 0
                else (None if other.state == OVER else False)
            )
        case _:  # HEALTHY
            return None if other.state == OVER else other.health == HEALTHY


def _is_needed(name: str, containers: Sequence[Json], parts: Sequence[Part]) -> bool:
    """Another container that goes on depends on it."""
    return any(
        part.state in (GIVEN, RUNS) and any(name == other for other, _ in depends_on(container))
        for container, part in zip(containers, parts, strict=True)
    )


def deciding_part(containers: Sequence[Json], parts: Sequence[Part]) -> int | None:
    """The essential container that ended first: its end is the task's."""
    over = [n for n, part in enumerate(parts) if part.state == OVER and is_essential(containers[n])]
    return min(over, key=lambda n: parts[n].stopped or 0.0) if over else None


def all_began(parts: Sequence[Part]) -> bool:
    """Each container runs, or has run: so the task does."""
    return all(
        part.state == RUNS or (part.state == OVER and part.exit_code is not None) for part in parts
    )


def health_of(containers: Sequence[Json], parts: Sequence[Part]) -> str:
    """UNHEALTHY if an essential container is, HEALTHY if all that have a check are."""
    found = [
        part.health
        for container, part in zip(containers, parts, strict=True)
        if is_essential(container) and "healthCheck" in container
    ]
    if UNHEALTHY in found:
        return UNHEALTHY
    return HEALTHY if found and all(h == HEALTHY for h in found) else UNKNOWN


def why_stopped(containers: Sequence[Json], parts: Sequence[Part], host: str) -> tuple[str, str]:
    """(stopCode, stoppedReason) of a task that ended by itself. `host`: an instance id."""
    number = deciding_part(containers, parts)
    part = parts[number] if number is not None else max(parts, key=lambda p: p.stopped or 0.0)
    if part.status == "lost":
        return TERMINATED, f"Host EC2 (instance {host}) terminated."
    if part.exit_code is None:
        word = part.reason.partition(":")[0]
        told = word in ("CannotPullContainerError", "ResourceInitializationError")
        return FAILED_TO_START, part.reason if told else "Task failed to start"
    return EXITED, "Essential container in task exited"
