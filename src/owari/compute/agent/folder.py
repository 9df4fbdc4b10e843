"""The agent's folder and what a dead predecessor left in it and on the machine."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from owari.compute import isolation
from owari.compute.agent import orphans


def clean_folder(folder: Path, days: int = 30) -> None:
    """Make the agent's folders; forget code of another boot, or long unused."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    marker = folder / "boot"
    same = marker.exists() and marker.read_text() == boot
    for name in ("code", "pycache"):
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
    record = folder / "cgroups"
    parents = tuple(record.read_text().split("\n")) if record.exists() else ()
    isolation.remove_groups(tuple(filter(None, parents)))
    count = orphans.kill_marked(orphans.folder_mark(mark))
    if count:
        print(f"killed {count} processes of an agent that died", flush=True)
    isolation.remove_groups(tuple(filter(None, parents)))


def remove_groups(parents: tuple[str, ...]) -> None:
    for _ in range(100):
        isolation.remove_groups(parents)
        if not any(Path(parent).exists() for parent in parents):
            return
        time.sleep(0.01)
