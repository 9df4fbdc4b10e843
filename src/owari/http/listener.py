"""The listening socket, its connections, their time limits and their orderly end."""

from __future__ import annotations

import asyncio
import socket

from owari.config import Config
from owari.http.connection import Connection
from owari.http.turn import Application

BACKLOG = 1024
TICK_S = 1.0  # how often time limits are checked


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; clients may connect at once and are answered when `Listener` runs.

    Raises OSError (errno EADDRINUSE, EADDRNOTAVAIL, EACCES), socket.gaierror.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
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


class Listener:
    """`await start(socket)`, then `await stop(grace_s)`."""

    def __init__(self, config: Config, application: Application) -> None:
        self.config = config
        self.application = application
        self.connections: set[Connection] = set()
        self.closing = False

    async def start(self, server: socket.socket) -> None:
        self.loop = asyncio.get_running_loop()
        self._empty = asyncio.Event()
        self._empty.set()
        self._server = await self.loop.create_server(
            lambda: Connection(self), sock=server, backlog=BACKLOG
        )
        self._tick()

    async def stop(self, grace_s: float) -> None:
        """Take no more connections; give requests under way `grace_s`, then cut them."""
        self.closing = True
        self._server.close()
        self._timer.cancel()
        for connection in tuple(self.connections):
            connection.shut()
        try:
            async with asyncio.timeout(grace_s):
                await self._empty.wait()
        except TimeoutError:
            for connection in tuple(self.connections):
                connection.transport.abort()
            await self._empty.wait()

    def joined(self, connection: Connection) -> bool:
        """False: there are too many, it must go."""
        self.connections.add(connection)
        self._empty.clear()
        return len(self.connections) <= self.config.connections_max

    def left(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self._empty.set()

    def _tick(self) -> None:
        now = self.loop.time()
        for connection in tuple(self.connections):
            connection.expire(now)
        self._timer = self.loop.call_later(TICK_S, self._tick)
