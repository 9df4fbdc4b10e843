"""Empty folders that several runs share: the volumes of an ECS task.

A container may begin after another has ended, so a folder is kept a while after its last use.
"""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any

KEPT_S = 3600.0
FILE_SYSTEM = re.compile(r"fs-[0-9a-z]+")


class Volumes:
    """`folder` is ours alone. A new agent has none of its predecessor's runs: it begins empty.

    `kept`: where file systems are that outlive every run. `fs-…` (EFS) names one of them.
    """

    def __init__(self, folder: Path, kept: Path) -> None:
        self.folder = folder
        self.kept = kept
        self._used: dict[str, float] = {}  # owner -> when a run last named it
        shutil.rmtree(folder, ignore_errors=True)

    def resolve(self, spec: dict[str, Any]) -> None:
        """Give the shared mounts of a spec their source. Raises OSError."""
        for mount in spec.get("mounts") or ():
            if mount["source"] is None and mount.get("shared"):
                owner, _, name = mount["shared"].partition("/")
                if FILE_SYSTEM.fullmatch(owner):
                    mount["source"] = str(_made(self.kept / owner))
                    continue
                self._used[owner] = time.monotonic()
                mount["source"] = str(_made(self.folder / owner / name.replace("/", "_")))

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


def _made(path: Path) -> Path:
    if not path.is_dir():
        path.mkdir(parents=True)
        path.chmod(0o1777)  # whatever user its containers run as
    return path
