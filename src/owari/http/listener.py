"""The listener: its connections, their time limits and their orderly end."""

from __future__ import annotations

import asyncio
import socket

from owari.config import Config
from owari.http.binding import BACKLOG
from owari.http.connection import Connection
from owari.http.turn import Application

TICK_S = 1.0  # how often time limits are checked


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
