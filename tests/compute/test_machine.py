"""What a container allows the agent."""

from __future__ import annotations

import os
from pathlib import Path

from owari.compute.agent.machine import cores, memory_mib

PHYSICAL_MIB = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // (1024 * 1024)
USABLE = len(os.sched_getaffinity(0))


def files(root: Path, **contents: str) -> Path:
    for name, text in contents.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n")
    return root


def test_without_limits_all_of_it(tmp_path: Path) -> None:
    assert (memory_mib(tmp_path), cores(tmp_path)) == (PHYSICAL_MIB, USABLE)
    files(tmp_path, memory_dot_max="max", cpu_dot_max="max 100000")
    assert (memory_mib(tmp_path), cores(tmp_path)) == (PHYSICAL_MIB, USABLE)


def test_the_limits_of_a_unified_group(tmp_path: Path) -> None:
    files(tmp_path, memory_dot_max=str(64 << 20), cpu_dot_max="50000 100000")
    assert (memory_mib(tmp_path), cores(tmp_path)) == (64, 1)
    files(tmp_path, cpu_dot_max="100000000 100000")
    assert cores(tmp_path) == USABLE


def test_the_limits_of_older_groups(tmp_path: Path) -> None:
    files(
        tmp_path,
        memory__memory_dot_limit_in_bytes=str(64 << 20),
        cpu__cpu_dot_cfs_quota_us="100000",
        cpu__cpu_dot_cfs_period_us="100000",
    )
    assert (memory_mib(tmp_path), cores(tmp_path)) == (64, 1)
    files(tmp_path, memory__memory_dot_limit_in_bytes="9223372036854771712")
    files(tmp_path, cpu__cpu_dot_cfs_quota_us="-1")
    assert (memory_mib(tmp_path), cores(tmp_path)) == (PHYSICAL_MIB, USABLE)
