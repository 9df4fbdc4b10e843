"""Which Node.js this machine has, and which of them a Lambda runtime name maps to."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

RUNTIME = re.compile(r"nodejs(\d*)")
VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
ASK_S = 10.0
MANAGERS = (
    ".nvm/versions/node", ".nodenv/versions", ".local/share/fnm/node-versions",
    ".asdf/installs/nodejs",
)  # fmt: skip
OLDEST_MAJOR = 14
SDK_V3_FROM = 18  # nodejs18.x and later come with version 3 of the SDK, earlier ones with version 2


@dataclass(frozen=True, slots=True)
class Node:
    major: int
    version: str
    path: str

    def words(self, runtime: str) -> str:
        """For the INIT_START line and `owari doctor`."""
        exact = wanted_major(runtime) == self.major
        nearest = "" if exact else f", the nearest to {runtime}"
        return f"node v{self.version} at {self.path}{nearest}"


def wanted_major(runtime: str) -> int:
    """Of `nodejs20.x`; the oldest names stand for versions long gone. Raises ValueError."""
    match = RUNTIME.match(runtime)
    if match is None:
        raise ValueError(runtime)
    return int(match[1] or 0)


def find(path: str, home: Path) -> list[Node]:
    """Each major version once; those on PATH first, then the usual folders and managers."""
    folders = [Path(entry) for entry in path.split(":") if entry]
    folders += [Path("/usr/local/bin"), Path("/usr/bin")]
    for manager in MANAGERS:
        folders += sorted((home / manager).glob("*/bin"), reverse=True)
        folders += sorted((home / manager).glob("*/installation/bin"), reverse=True)
    found: dict[int, Node] = {}
    seen: set[str] = set()
    for folder in folders:
        program = folder / "node"
        if folder.name == "shims" or not os.access(program, os.X_OK):
            continue
        real = str(program.resolve())
        if real in seen:
            continue
        seen.add(real)
        version = _version(real)
        if version is not None and version[0] >= OLDEST_MAJOR:
            found.setdefault(version[0], Node(version[0], ".".join(map(str, version)), real))
    return list(found.values())


def _version(program: str) -> tuple[int, int, int] | None:
    try:
        command = [program, "--version"]
        said = subprocess.run(command, capture_output=True, timeout=ASK_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = VERSION.match(said.decode("utf-8", "replace").strip())
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def choose(runtime: str, found: list[Node]) -> Node | None:
    """The exact one, else the nearest (the newer of two as near)."""
    wanted = wanted_major(runtime)
    return min(found, key=lambda node: (abs(node.major - wanted), -node.major), default=None)


def sdk_folder(home: str, cache: str, runtime: str) -> Path:
    """Where the SDK of JavaScript is looked for that AWS's runtime supplies (`owari doctor`).

    `cache`: XDG_CACHE_HOME. One folder per major version: a function finds only its own.
    """
    root = Path(cache) if cache else Path(home) / ".cache"
    version = "v3" if wanted_major(runtime) >= SDK_V3_FROM else "v2"
    return root / "owari" / f"aws-sdk-js-{version}" / "node_modules"
