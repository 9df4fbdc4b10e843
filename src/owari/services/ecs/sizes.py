"""How much a task and each of its containers take: CPU units (1,024 a vCPU) and MiB.

Source: ECS developer guide, "Task definition parameters for Fargate", "Task size".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from owari.services.ecs.faults import client

GIB = 1024
UNITS = 1024
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(vcpus?|gb|gib|mb|mib)?\s*", re.IGNORECASE)

# CPU units -> memory in MiB
FARGATE: dict[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1 * GIB, 4 * GIB + 1, GIB),
    1024: range(2 * GIB, 8 * GIB + 1, GIB),
    2048: range(4 * GIB, 16 * GIB + 1, GIB),
    4096: range(8 * GIB, 30 * GIB + 1, GIB),
    8192: range(16 * GIB, 60 * GIB + 1, 4 * GIB),
    16384: range(32 * GIB, 120 * GIB + 1, 8 * GIB),
}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Share:
    """Of one container: what is set aside for it, and the most memory it may use."""

    cpu: float
    memory: int
    limit: int


def cpu_units(text: str) -> int:
    """`1024`, `1 vCPU`, `.5 vcpu`. Raises ClientException."""
    return _amount(text, "cpu", UNITS)


def memory_mib(text: str) -> int:
    """`2048`, `2 GB`. Raises ClientException."""
    return _amount(text, "memory", GIB)


def _amount(text: str, what: str, unit: int) -> int:
    padded = f"0{text}" if text.startswith(".") else text
    match = _AMOUNT.fullmatch(padded)
    if match is None or len(padded) > 20:
        raise client(f"Invalid '{what}' setting for task. For more information, see the"
                     " Troubleshooting section of the Amazon ECS Developer Guide.")  # fmt: skip
    word = (match[2] or "").lower()
    return round(float(match[1]) * (unit if word and not word.startswith("m") else 1))


def check_fargate(cpu: str | None, memory: str | None) -> None:
    """Raises ClientException: Fargate has fixed combinations."""
    if cpu is None:
        raise client("Fargate requires task definition to have cpu at the task level.")
    if memory is None:
        raise client("Fargate requires task definition to have memory at the task level.")
    if memory_mib(memory) not in FARGATE.get(cpu_units(cpu), ()):
        raise client("No Fargate configuration exists for given values: "
                     f"{cpu_units(cpu)} CPU, {memory_mib(memory)} memory. See the Amazon ECS"
                     " documentation for the valid values.")  # fmt: skip


def shares(containers: Sequence[Json], cpu: int | None, memory: int | None) -> list[Share]:
    """`cpu`, `memory`: of the task. What no container claims is divided among those without."""
    units = _divided([int(c.get("cpu") or 0) for c in containers], cpu or 0)
    own = [int(c.get("memoryReservation") or c.get("memory") or 0) for c in containers]
    set_aside = _divided(own, memory or 0)
    return [
        Share(units[n], max(int(set_aside[n]), 4), _limit(container, memory))
        for n, container in enumerate(containers)
    ]


def _divided(own: list[int], total: int) -> list[float]:
    without = own.count(0)
    rest = max(total - sum(own), 0)
    return [amount or rest / without for amount in own]


def _limit(container: Json, memory: int | None) -> int:
    """A container with only a reservation may use what there is."""
    return int(container.get("memory") or memory or 1 << 20)
