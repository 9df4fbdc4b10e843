"""The server's side of the port that its agent keeps meanwhile (compute/agent/port.py)."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import time

from owari.compute.agent.dialling import dial
from owari.compute.agent.port import DROP, GIVE, HOLD, NAME
from owari.config import Config
from owari.http.binding import bind, wanted

PATIENCE_S = 10.0  # the agent may be busy
TAKEN_S = 5.0
AGAIN_S = 0.02

log = logging.getLogger("owari.server")


def listen(config: Config) -> socket.socket:
    """The agent's socket with whoever waits there, when it is the one wanted; else a new one.

    Raises as `bind` does. A port that is taken is asked for again for a while where an agent was:
    one that was killed has it until it is gone, and one that has just come may not have it yet.
    """
    until = time.monotonic() + TAKEN_S
    while True:
        held = _take(config)
        if held is not None:
            if _is_wanted(held, config):
                return held
            held.close()
        try:
            return bind(config.host, config.port)
        except OSError as error:
            waits = (config.agent_folder / NAME).exists() and time.monotonic() < until
            if error.errno != errno.EADDRINUSE or not waits:
                raise
        time.sleep(AGAIN_S)


def hand_over(config: Config, listening: socket.socket) -> None:
    """To an agent that has just come; without it a restart only refuses callers meanwhile."""
    try:
        with dial(config.agent_folder, NAME, PATIENCE_S) as agent:
            socket.send_fds(agent, [HOLD], [listening.fileno()])
    except OSError as error:
        log.warning("the agent cannot hold the port: %s", error)


def release(config: Config) -> None:
    """A server ends and leaves nothing running: callers are refused."""
    with contextlib.suppress(OSError), dial(config.agent_folder, NAME, PATIENCE_S) as agent:
        agent.sendall(DROP)


def _take(config: Config) -> socket.socket | None:
    try:
        with dial(config.agent_folder, NAME, PATIENCE_S) as agent:
            agent.sendall(GIVE)
            _, fds, _, _ = socket.recv_fds(agent, len(GIVE), 1, socket.MSG_CMSG_CLOEXEC)
    except OSError:
        return None
    if not fds:
        return None
    held = socket.socket(fileno=fds[0])
    held.setblocking(False)
    return held


def _is_wanted(held: socket.socket, config: Config) -> bool:
    """With port 0 any will do: running code knows the one that is held."""
    family, address = wanted(config.host, config.port)
    at = held.getsockname()
    return held.family == family and at[0] == address[0] and config.port in (0, at[1])
