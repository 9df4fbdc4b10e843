"""Whether a connection on loopback is our own user's: any local user can reach a port.

Linux tells the owner of a TCP socket in /proc/net/tcp (proc_pid_net(5)). One that its process has
closed already has no inode, and root as its owner in name only: it is nobody's.
"""

# pathlib would cost memory and time in every environment.
# ruff: noqa: PTH123

from __future__ import annotations

import os
import socket
import struct
from typing import Any

TABLE = "/proc/net/tcp"


def is_ours(connection: socket.socket) -> bool:
    """Of the user of this process, or of root. True where the machine tells nobody."""
    try:
        ends = (_form(connection.getpeername()), _form(connection.getsockname()))
    except OSError:
        return False
    try:
        with open(TABLE, "rb") as table:
            for line in table:
                fields = line.split()
                if (fields[1], fields[2]) == ends:
                    return fields[9] != b"0" and int(fields[7]) in (0, os.geteuid())
    except OSError:
        return True
    return False


def _form(address: Any) -> bytes:
    """As the table has it: the address as a word in the machine's byte order, the port."""
    (word,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return b"%08X:%04X" % (word, address[1])
