"""What of this machine the agent may use: less than there is, inside a limited container.

Sources: "Control Group v2" (`memory.max`, `cpu.max`) and its predecessor's documents
(`memory.limit_in_bytes`, `cpu.cfs_quota_us`), Linux kernel documentation.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

MIB = 1024 * 1024
GROUPS = Path("/sys/fs/cgroup")


def memory_mib(groups: Path = GROUPS) -> int:
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [_number(groups / name) for name in ("memory.max", "memory/memory.limit_in_bytes")]
    return min([physical, *(limit for limit in limits if limit > 0)]) // MIB


def cores(groups: Path = GROUPS) -> int:
    """Processors we may run on, no more than the time we are given fills."""
    usable = len(os.sched_getaffinity(0))
    quota, period = _quota(groups)
    return max(min(usable, math.ceil(quota / period)), 1) if quota > 0 < period else usable


def _quota(groups: Path) -> tuple[int, int]:
    """Microseconds of processor time per period; -1: as much as there is."""
    try:
        quota, period = (groups / "cpu.max").read_text().split()
    except (OSError, ValueError):
        v1 = groups / "cpu"
        return _number(v1 / "cpu.cfs_quota_us"), _number(v1 / "cpu.cfs_period_us")
    return (int(quota), int(period)) if quota != "max" else (-1, int(period))


def _number(path: Path) -> int:
    """-1 when there is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return -1
