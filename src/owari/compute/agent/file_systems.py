"""Folders that outlive everything and are shared by all: EFS file systems, by their ids.

Functions, Batch jobs and ECS tasks that name the same `fs-…` see the same folder.
"""

from __future__ import annotations

import re
from pathlib import Path

FILE_SYSTEM = re.compile(r"fs-[0-9a-z]+")


class FileSystems:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, name: str, root: str = "") -> str:
        """The folder of `fs-…`, or one within it, made when first asked for. Raises OSError."""
        within = (part for part in root.split("/") if part not in ("", ".", ".."))
        return str(made(made(self.folder / name).joinpath(*within)))

    def mounts(self, wanted: list[dict[str, str]]) -> list[list[str]]:
        """[folder, where it is to be seen]… of a function's `file_systems`. Raises OSError."""
        return [[self.place(one["id"]), one["target"]] for one in wanted]


def made(path: Path) -> Path:
    if not path.is_dir():
        path.mkdir(parents=True)
        path.chmod(0o1777)  # whatever user its containers run as
    return path
