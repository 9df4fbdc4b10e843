"""Whether a connection on loopback is our own user's: any local user can reach a port.

Linux tells the owner of a TCP socket through netlink (sock_diag(7)) or, where that is closed to
us, in /proc/net/tcp (proc_pid_net(5)), which takes long where there are many connections. One
that its process has closed has no inode any more, and root as its owner in name only: it is
nobody's.
"""

# pathlib would cost memory and time in every environment.
# ruff: noqa: PTH123

from __future__ import annotations

import os
import socket
import struct
from typing import Any

TABLE = "/proc/net/tcp"
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST = 1
HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
ANY = 0xFFFFFFFF  # states, cookies
OWNER = struct.Struct("=II")  # uid, inode
OWNER_AT = HEADER.size + 4 + 48 + 12  # past family…retrans, the socket id, three counters

Owner = Any  # (uid, inode) | None


def is_ours(connection: socket.socket) -> bool:
    """Of the user of this process, or of root. True where the machine tells nobody."""
    try:
        ends = connection.getpeername(), connection.getsockname()
    except OSError:
        return False
    try:
        owner = _ask_netlink(*ends)
    except OSError:
        try:
            owner = _read_table(*ends)
        except OSError:
            return True
    return owner is not None and owner[1] != 0 and owner[0] in (0, os.geteuid())


def _ask_netlink(remote: Any, local: Any) -> Owner:
    request = (
        struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, ANY)
        + struct.pack("!HH", remote[1], local[1])
        + socket.inet_aton(remote[0]).ljust(16, b"\0")
        + socket.inet_aton(local[0]).ljust(16, b"\0")
        + struct.pack("=III", 0, ANY, ANY)
    )
    header = HEADER.pack(HEADER.size + len(request), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(1)
        netlink.send(header + request)
        answer = netlink.recv(4096)
    if HEADER.unpack_from(answer)[1] != SOCK_DIAG_BY_FAMILY:
        return _read_table(remote, local)  # it knows no such socket, or cannot tell
    return OWNER.unpack_from(answer, OWNER_AT)


def _read_table(remote: Any, local: Any) -> Owner:
    ends = (_form(remote), _form(local))
    with open(TABLE, "rb") as table:
        for line in table:
            fields = line.split()
            if (fields[1], fields[2]) == ends:
                return int(fields[7]), int(fields[9])
    return None


def _form(address: Any) -> bytes:
    """As the table has it: the address as a word in the machine's byte order, the port."""
    (word,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return b"%08X:%04X" % (word, address[1])
