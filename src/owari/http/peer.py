"""Who is at the other end of a connection: on loopback, the user who owns the socket.

Linux tells the owner of a TCP socket through netlink (sock_diag(7), one question per connection)
or, where netlink is closed to us, in /proc/net/tcp and tcp6. Elsewhere nobody tells.
"""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_TCP_ESTABLISHED = 1
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBBBI")  # inet_diag_req_v2: family, protocol, ext, pad, states
_UID_OFFSET = _HEADER.size + 4 + 48 + 12  # past family…retrans, the socket id, three counters

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Peer:
    """`uid` is None when the peer is not on this machine or nobody could tell."""

    address: str
    loopback: bool
    uid: int | None


def identify(connection: socket.socket) -> Peer:
    """Raises OSError when the connection is gone already."""
    remote, local = connection.getpeername()[:2], connection.getsockname()[:2]
    address = ip_address(remote[0].partition("%")[0])
    # A machine talking to one of its own outer addresses is on loopback as well.
    loopback = address.is_loopback or remote[0] == local[0]
    uid = owner_of(connection.family, remote, local) if loopback else None
    return Peer(str(address), loopback, uid)


def owner_of(family: int, remote: Address, local: Address) -> int | None:
    """The uid that owns the peer's end, the socket bound to `remote` and connected to `local`."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return _ask_netlink(family, remote, local)
    except OSError:
        return _read_proc(family, remote, local)


def can_tell() -> bool:
    """Whether this machine tells the owner of a loopback connection: tried on one of our own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with socket.create_connection(address, timeout=5) as client:
            return owner_of(socket.AF_INET, client.getsockname(), address) is not None


def _packed(family: int, host: str) -> bytes:
    return socket.inet_pton(family, host.partition("%")[0])


def _ask_netlink(family: int, remote: Address, local: Address) -> int | None:
    request = (
        _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 1 << _TCP_ESTABLISHED)
        + struct.pack("!HH", remote[1], local[1])
        + _packed(family, remote[0]).ljust(16, b"\0")
        + _packed(family, local[0]).ljust(16, b"\0")
        + struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)  # any interface, no cookie
    )
    size = _HEADER.size + len(request)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(1)
        netlink.send(_HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0) + request)
        answer = netlink.recv(4096)
    if _HEADER.unpack_from(answer)[1] != _SOCK_DIAG_BY_FAMILY:
        raise OSError("sock_diag does not answer")
    uid: int = struct.unpack_from("=I", answer, _UID_OFFSET)[0]
    return uid


def _read_proc(family: int, remote: Address, local: Address) -> int | None:
    table = Path("/proc/net/tcp6" if family == socket.AF_INET6 else "/proc/net/tcp")
    ends = (_proc_form(family, remote), _proc_form(family, local))
    try:
        with table.open() as lines:
            for line in lines:
                fields = line.split()
                if (fields[1], fields[2]) == ends:
                    return int(fields[7])
    except OSError:
        return None
    return None


def _proc_form(family: int, address: Address) -> str:
    """As /proc/net/tcp writes it: 32-bit words in the machine's own byte order, then the port."""
    packed = _packed(family, address[0])
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{address[1]:04X}"


def is_address(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address a Host header names literally; None when it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
