"""What a container asks for: vCPUs, memory and GPUs, in the old form and the new one.

vCPUs are counted in thousandths, so that Fargate's quarters add up exactly.
Sources: Batch API reference, ResourceRequirement; Fargate's combinations are documented there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from owari.services.batch.faults import client

GIB = 1024
MEMORY_MIN_MIB = 4

# vCPUs in thousandths -> (least, most, step) memory in GiB
FARGATE: dict[int, tuple[int, int, int]] = {
    500: (1, 4, 1),
    1000: (2, 8, 1),
    2000: (4, 16, 1),
    4000: (8, 30, 1),
    8000: (16, 60, 4),
    16000: (32, 120, 8),
}
FARGATE_QUARTER_MIB = (512, 1024, 2048)


@dataclass(frozen=True, slots=True)
class Size:
    """`vcpus` in thousandths, `memory` in MiB."""

    vcpus: int
    memory: int
    gpus: int = 0

    def __add__(self, other: Size) -> Size:
        return Size(self.vcpus + other.vcpus, self.memory + other.memory, self.gpus + other.gpus)


def requirements(container: dict[str, Any]) -> dict[str, str]:
    """By type (VCPU, MEMORY, GPU); the new form goes before the old one."""
    found: dict[str, str] = {}
    if "vcpus" in container:
        found["VCPU"] = str(container["vcpus"])
    if "memory" in container:
        found["MEMORY"] = str(container["memory"])
    for requirement in container.get("resourceRequirements", ()):
        found[requirement["type"]] = requirement["value"]
    return found


def size_of(container: dict[str, Any]) -> Size:
    """Raises ClientException when it does not say how much, or says nonsense."""
    asked = requirements(container)
    return Size(
        vcpus=_number("VCPU", asked.get("VCPU"), thousandths=True, least=1),
        memory=_number("MEMORY", asked.get("MEMORY"), thousandths=False, least=MEMORY_MIN_MIB),
        gpus=_number("GPU", asked.get("GPU", "0"), thousandths=False, least=0),
    )


def _number(kind: str, text: str | None, *, thousandths: bool, least: int) -> int:
    if text is None:
        raise client(
            f"Container properties must specify a value for {kind}, in resourceRequirements or"
            f" as {'vcpus' if kind == 'VCPU' else 'memory'}."
        )
    try:
        number = round(float(text) * 1000) if thousandths else int(text)
    except (ValueError, OverflowError):
        raise _bad(kind, text) from None
    if not least <= number <= 10**9:
        raise _bad(kind, text)
    return number


def _bad(kind: str, text: str) -> Exception:
    return client(f"Error executing request, Exception : {kind} value '{text}' is not valid.")


def total(sizes: Iterable[Size]) -> Size:
    return sum(sizes, Size(0, 0))


def check_fargate(size: Size) -> None:
    """Raises ClientException: Fargate has fixed combinations, and no GPUs."""
    if size.gpus:
        raise client("GPU is not supported on Fargate.")
    if size.vcpus == 250:
        fits = size.memory in FARGATE_QUARTER_MIB
    elif size.vcpus in FARGATE:
        least, most, step = FARGATE[size.vcpus]
        fits = size.memory in range(least * GIB, most * GIB + 1, step * GIB)
    else:
        raise client(f"Fargate resource requirements: VCPU {size.vcpus / 1000:g} is not valid.")
    if not fits:
        raise client(
            f"Fargate resource requirements: MEMORY {size.memory} is not valid for VCPU"
            f" {size.vcpus / 1000:g}."
        )


def check_whole_vcpus(size: Size) -> None:
    """On EC2 a container has whole vCPUs. Raises ClientException."""
    if size.vcpus % 1000:
        raise client(f"VCPU value '{size.vcpus / 1000:g}' must be a whole number on EC2.")
