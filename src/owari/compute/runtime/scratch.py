"""A keeper's own /tmp: a folder in its place, in a mount namespace, emptied after each job."""

# pathlib would cost memory and time in every keeper.
# ruff: noqa: PTH208

from __future__ import annotations

import os
import shutil

from . import sandbox


class Scratch:
    """`folder` stands in for /tmp, where the machine allows it; `reveal` stays visible there.

    It is emptied through a descriptor opened before: so what a job may have mounted below its
    /tmp is never reached.
    """

    def __init__(self, folder: str, reveal: list[str], *, wanted: bool) -> None:
        self.folder = folder
        self.own_tmp = False
        self._inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        if wanted:
            self._take_tmp(reveal)
        self._kept = set(os.listdir(self._inside))

    def _take_tmp(self, reveal: list[str]) -> None:
        try:
            tmp = sandbox.OwnTmp(self.folder)
            for path in reveal:
                if path.startswith("/tmp/"):
                    tmp.make_read_only(path)
            tmp.close()
            self.own_tmp = True
        except OSError as error:
            print(f"jobs share /tmp: {error}", flush=True)

    def variables(self) -> dict[str, str]:
        """Where programs that ask put their temporary files."""
        return {} if self.own_tmp else {"TMPDIR": self.folder}

    def clear(self) -> None:
        for name in os.listdir(self._inside):
            if name in self._kept:
                continue
            try:
                os.unlink(name, dir_fd=self._inside)
            except OSError:
                shutil.rmtree(name, ignore_errors=True, dir_fd=self._inside)
