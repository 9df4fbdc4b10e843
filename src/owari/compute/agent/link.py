"""The agent's socket, and the one server connection it listens to."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from owari.compute.agent import protocol
from owari.compute.agent.loop import IN, OUT, Loop

CHUNK = 1 << 18


class Link:
    """One connection. `definitions` are those of this connection (protocol `define`)."""

    def __init__(
        self,
        loop: Loop,
        connection: socket.socket,
        on_frame: Callable[[Link, dict[str, Any], bytes], None],
        on_end: Callable[[Link], None],
    ) -> None:
        self.loop = loop
        self.epoch = -1  # until it has said hello
        self.definitions: dict[int, Any] = {}
        self.open = True
        self._socket = connection
        self._on_frame = on_frame
        self._on_end = on_end
        self._frames = protocol.Frames()
        self._out = bytearray()
        self._blocked = False
        connection.setblocking(False)
        loop.add(connection.fileno(), self._on_event)

    def send(self, header: dict[str, Any], payload: bytes = b"") -> None:
        """Goes out at the next `flush`."""
        self._out += protocol.message(header, payload)

    def send_frame(self, frame: bytes) -> None:
        self._out += frame

    def flush(self) -> None:
        if not self._out or not self.open:
            return
        try:
            del self._out[: self._socket.send(self._out)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if bool(self._out) != self._blocked:
            self._blocked = bool(self._out)
            self.loop.watch(self._socket.fileno(), IN | OUT if self._blocked else IN)

    def _on_event(self, events: int) -> None:
        if events & OUT:
            self.flush()
        if not events & ~OUT or not self.open:
            return
        try:
            data = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            for header, payload in self._frames.feed(data):
                self._on_frame(self, orjson.loads(header), payload)
        except (protocol.ProtocolError, orjson.JSONDecodeError):
            self.close()

    def close(self) -> None:
        if self.open:
            self.open = False
            self.loop.remove(self._socket.fileno())
            self._socket.close()
            self._on_end(self)


def listen(loop: Loop, name: str, on_connection: Callable[[socket.socket], None]) -> socket.socket:
    """Listen at `name` in the current folder (a socket's address is short), the owner's own."""
    Path(name).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(name)
    listener.listen(16)
    listener.setblocking(False)

    def accept(_events: int) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        on_connection(connection)

    loop.add(listener.fileno(), accept)
    return listener
