"""Which agent keeps a port whose server was killed: for the message of a server that wants it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from owari.agents_seen import agents

LISTENS = "0A"  # proc_pid_net(5): the state of a listening socket


def data_folder_at(port: int) -> str | None:
    """The data folder of the agent that holds a socket listening on this port."""
    sockets = _listening(port)
    for process, data in agents():
        with contextlib.suppress(OSError):  # it has just ended
            if sockets & {str(fd.readlink()) for fd in (process / "fd").iterdir()}:
                return str(data)
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
