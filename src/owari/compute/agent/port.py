"""The server's listening socket, kept by the agent: a call made while the server is away waits.

The server hands it over when it has found its agent, and asks for it back when it starts. In
between the kernel queues whoever connects, so a killed server is a pause to its callers, not a
refusal. Asked on `port.sock`: b"hold", with the socket; b"give", answered with the socket or
nothing; b"drop".
"""

from __future__ import annotations

import socket

from owari.compute.agent.link import listen
from owari.compute.agent.loop import Loop
from owari.compute.agent.saying import say

NAME = "port.sock"
HOLD, GIVE, DROP = b"hold", b"give", b"drop"


class Port:
    """Of one agent. It never accepts a connection."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.held: socket.socket | None = None

    def listen(self) -> None:
        self._listener = listen(self.loop, NAME, self._on_connection)

    def release(self) -> None:
        """Whoever connects is refused from now on, and whoever waits is cut off."""
        if self.held is not None:
            self.held.close()
            self.held = None

    def _on_connection(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.loop.add(connection.fileno(), lambda _events: self._asked(connection))

    def _asked(self, connection: socket.socket) -> None:
        self.loop.remove(connection.fileno())
        with connection:
            try:
                self._answer(connection)
            except OSError as error:
                say(f"the port: {error}")

    def _answer(self, connection: socket.socket) -> None:
        said, fds, _, _ = socket.recv_fds(connection, len(HOLD), 1, socket.MSG_CMSG_CLOEXEC)
        if said == HOLD and fds:
            self.release()
            self.held = socket.socket(fileno=fds[0])
        elif said == GIVE and self.held is not None:
            socket.send_fds(connection, [GIVE], [self.held.fileno()])
        elif said == DROP:
            self.release()
