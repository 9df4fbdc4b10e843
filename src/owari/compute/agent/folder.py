"""The agent's folder and what a dead predecessor left in it and on the machine."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from pathlib import Path

from owari.compute import containers, isolation
from owari.compute.agent import orphans
from owari.compute.agent.saying import say

CONTAINERS = "containers"  # there once a container runtime has been used
BURIAL_S = 60.0


def clean_folder(folder: Path, days: int = 30) -> None:
    """Make the agent's folders; forget code of another boot, or long unused."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    marker = folder / "boot"
    same = marker.exists() and marker.read_text() == boot
    for name in ("code", "layers", "pycache"):
        (folder / name).mkdir(exist_ok=True)
        for entry in (folder / name).iterdir():
            unused = entry.stat().st_atime < time.time() - days * 86_400
            if not same or unused or entry.suffix == ".part":
                shutil.rmtree(entry, ignore_errors=True)
                if entry.is_file():
                    entry.unlink()
    marker.write_text(boot)


def bury_predecessor(folder: Path, mark: str) -> None:
    """Make what a dead agent left behind dead too, before anything is run again."""
    bury_containers(folder, mark)
    record = folder / "cgroups"
    parents = tuple(record.read_text().split("\n")) if record.exists() else ()
    isolation.remove_groups(tuple(filter(None, parents)))
    count = orphans.kill_marked(orphans.folder_mark(mark))
    if count:
        say(f"killed {count} processes of an agent that died")
    isolation.remove_groups(tuple(filter(None, parents)))


def bury_containers(folder: Path, mark: str) -> None:
    """Those of a container runtime are not below us."""
    noted, program = folder / CONTAINERS, containers.program()
    if noted.exists() and program:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            command = ["/bin/sh", "-c", containers.remove_all(program, mark)]
            subprocess.run(command, capture_output=True, timeout=BURIAL_S, check=False)
        noted.unlink()


def remove_groups(parents: tuple[str, ...]) -> None:
    """What is killed is gone only when it has had its turn on a busy machine."""
    for _ in range(500):
        isolation.remove_groups(parents)
        if not any(Path(parent).exists() for parent in parents):
            return
        time.sleep(0.01)
