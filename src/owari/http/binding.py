"""The listening socket. Imports nothing of ours: it is there before the rest is loaded."""

from __future__ import annotations

import socket
from typing import Any

BACKLOG = 1024


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; clients may connect at once and are answered when `Listener` runs.

    Raises OSError (errno EADDRINUSE, EADDRNOTAVAIL, EACCES), socket.gaierror.
    """
    family, address = wanted(host, port)
    server = socket.socket(family, socket.SOCK_STREAM)
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        server.bind(address)
        server.listen(BACKLOG)
        server.setblocking(False)
    except OSError:
        server.close()
        raise
    return server


def wanted(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """Family and address of what `bind` listens on. Raises socket.gaierror."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    return family, address
