"""The data folder of a server: made private, locked by one server, and saying where that is."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from owari.config import Config

OURS = ("owari.db", "server.lock")  # one of them is in every data folder


class Unusable(Exception):
    """The data folder cannot be used; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Held by the server as long as it lives, however it ends."""

    handle: int

    def release(self) -> None:
        os.close(self.handle)


def prepare(data: Path) -> None:
    """Make the folder, or take an empty one or our own; readable by nobody else.

    Raises Unusable; a folder that holds other things is not touched.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {entry.name for entry in data.iterdir()}
        if names and not names.intersection(OURS):
            raise Unusable(f"{data} holds other files and is no Owari data folder")
        if stat.S_IMODE(data.stat().st_mode) != 0o700:
            data.chmod(0o700)
    except OSError as error:
        raise Unusable(f"{data}: {error.strerror}") from error


def lock(config: Config) -> Lock:
    """Raises Unusable when another server has the folder: where it listens, and its pid."""
    path = config.data / "server.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.pread(handle, 32, 0).decode() or "unknown"
        os.close(handle)
        where = announced(config).get("endpoint")
        at = f" at {where}" if where else ""
        raise Unusable(f"Owari already runs{at} on {config.data} (pid {other})") from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    withdraw(config)  # of a server that was killed
    return Lock(handle)


def announce(config: Config, about: dict[str, Any]) -> None:
    """Write the server file, whole or not at all."""
    temporary = config.server_file.with_suffix(".tmp")
    temporary.write_text(json.dumps(about, indent=1) + "\n")
    temporary.rename(config.server_file)


def announced(config: Config) -> dict[str, Any]:
    """What the server file says; empty when there is none."""
    try:
        found = json.loads(config.server_file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def withdraw(config: Config) -> None:
    with contextlib.suppress(FileNotFoundError):
        config.server_file.unlink()
