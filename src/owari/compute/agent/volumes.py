"""Empty folders that several runs share: the volumes of an ECS task.

A container may begin after another has ended, so a folder is kept a while after its last use.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from owari.compute.agent.file_systems import FILE_SYSTEM, FileSystems, made

KEPT_S = 3600.0


class Volumes:
    """`folder` is ours alone. A new agent has none of its predecessor's runs: it begins empty.

    Of file systems that outlive every run, `fs-…` names one.
    """

    def __init__(self, folder: Path, file_systems: FileSystems) -> None:
        self.folder = folder
        self.file_systems = file_systems
        self._used: dict[str, float] = {}  # owner -> when a run last named it
        shutil.rmtree(folder, ignore_errors=True)

    def resolve(self, spec: dict[str, Any]) -> None:
        """Give the shared mounts of a spec their source. Raises OSError."""
        for mount in spec.get("mounts") or ():
            if mount["source"] is None and mount.get("shared"):
                owner, _, name = mount["shared"].partition("/")
                if FILE_SYSTEM.fullmatch(owner):
                    mount["source"] = self.file_systems.place(owner, name)
                    continue
                self._used[owner] = time.monotonic()
                mount["source"] = str(made(self.folder / owner / name.replace("/", "_")))

    def owners_in_use(self, specs: list[dict[str, Any]]) -> set[str]:
        mounts = [mount for spec in specs for mount in spec.get("mounts") or ()]
        return {mount["shared"].partition("/")[0] for mount in mounts if mount.get("shared")}

    def retire(self, specs: list[dict[str, Any]]) -> None:
        """Remove what none of these runs uses and nobody has asked for in an hour."""
        now = time.monotonic()
        for owner in self.owners_in_use(specs):
            self._used[owner] = now
        for owner, used in list(self._used.items()):
            if now - used > KEPT_S:
                del self._used[owner]
                shutil.rmtree(self.folder / owner, ignore_errors=True)
