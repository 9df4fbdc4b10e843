"""Connecting to a socket in the agent's folder."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def dial(folder: Path, name: str, timeout_s: float | None = None) -> socket.socket:
    """A socket's address is short; a deep folder is reached through its descriptor.

    Raises OSError: no agent, or an older one that does not know this socket.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    dialled = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        dialled.settimeout(timeout_s)
        dialled.connect(f"/proc/self/fd/{handle}/{name}")
    except OSError:
        dialled.close()
        raise
    finally:
        os.close(handle)
    return dialled
