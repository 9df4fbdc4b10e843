"""Which interpreters this machine has, and which of them a Lambda runtime name maps to."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"python3\.(\d+)$")
RUNTIME = re.compile(r"python3\.(\d+)$")
OLDEST_MINOR = 10  # what boto3 and urllib3, which every function finds, ask for themselves


@dataclass(frozen=True, slots=True)
class Interpreter:
    minor: int
    path: str

    def words(self, runtime: str) -> str:
        """For the INIT_START line and `owari status`."""
        nearest = "" if runtime == f"python3.{self.minor}" else f", the nearest to {runtime}"
        return f"python3.{self.minor} at {self.path}{nearest}"


def _folders(path: str, home: Path) -> list[Path]:
    pyenv = sorted((home / ".pyenv" / "versions").glob("*/bin"))
    usual = [Path("/usr/local/bin"), Path("/usr/bin")]
    on_path = [Path(entry) for entry in path.split(":") if entry]
    # A shim is a shell script that asks pyenv; the interpreters themselves are found above.
    return [f for f in (*on_path, *usual, *pyenv) if f.name != "shims"]


def own() -> Interpreter:
    """The interpreter Owari itself runs on (of a virtual environment: its base)."""
    base: str = getattr(sys, "_base_executable", sys.executable)
    return Interpreter(sys.version_info.minor, str(Path(base).resolve()))


def find(path: str, home: Path) -> dict[int, Interpreter]:
    """By minor version; our own first, then PATH, the usual folders and pyenv."""
    mine = own()
    found = {mine.minor: mine}
    for folder in _folders(path, home):
        if not os.access(folder, os.R_OK | os.X_OK):  # not there, or somebody else's
            continue
        for entry in folder.glob("python3.*"):
            match = NAME.match(entry.name)
            if match and int(match[1]) >= OLDEST_MINOR and os.access(entry, os.X_OK):
                minor = int(match[1])
                found.setdefault(minor, Interpreter(minor, str(entry.resolve())))
    return found


def choose(runtime: str, found: dict[int, Interpreter]) -> Interpreter | None:
    """The exact one, else the nearest (the newer of two as near). None: not a Python runtime.

    Code for Python 2 that also runs on 3 meets our own, which surely has the SDK.
    """
    if runtime == "python2.7":
        return own()
    match = RUNTIME.match(runtime)
    if match is None:
        return None
    wanted = int(match[1])
    return min(found.values(), key=lambda i: (abs(i.minor - wanted), -i.minor))
