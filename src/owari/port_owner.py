"""Which agent keeps a port whose server was killed: for the message of a server that wants it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

LISTENS = "0A"  # proc_pid_net(5): the state of a listening socket
AGENT = b"owari.compute.agent"  # in the command line, before the agent's folder


def data_folder_at(port: int) -> str | None:
    """The data folder of the agent that holds a socket listening on this port."""
    sockets = _listening(port)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            words = (process / "cmdline").read_bytes().split(b"\0")
            if AGENT not in words:
                continue
            if sockets & {str(fd.readlink()) for fd in (process / "fd").iterdir()}:
                return str(Path(os.fsdecode(words[words.index(AGENT) + 1])).parent)
    return None


def _listening(port: int) -> set[str]:
    """As the links in /proc/…/fd name them."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{fields[9]}]")
    return found
