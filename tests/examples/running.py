"""Running an example as its README says, against a server of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.server import OWARI, Server

EXAMPLES = Path(__file__).parents[2] / "examples"
DONE_MAX_S = 300


def environment(server: Server) -> dict[str, str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return plain | {"AWS_ENDPOINT_URL": server.endpoint}


def python(
    server: Server, script: Path, *args: str, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return _run(server, [sys.executable, str(script), *args], folder)


def owari(server: Server, *args: str) -> subprocess.CompletedProcess[str]:
    return _run(server, [OWARI, *args], None)


def _run(
    server: Server, command: list[str], folder: Path | None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DONE_MAX_S,
        env=environment(server),
    )
