"""Ending an agent that no server looks after: what `owari down` does after a server died."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time

from owari.agents_seen import agents
from owari.compute.agent import protocol
from owari.compute.agent.dialling import dial
from owari.config import Config


def agent_lives(config: Config) -> bool:
    """An agent holds its folder's lock until everything under it has ended. One that has only just
    been started does not hold it yet."""
    if _is_locked(config):
        return True
    data = config.data.resolve()
    return any(data == of for _, of in agents())


def _is_locked(config: Config) -> bool:
    try:
        handle = os.open(config.agent_folder / "agent.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def end_agent(config: Config, patience_s: float) -> bool:
    """Tell the agent to end with everything it runs, and wait. False: it is still there.

    One that is only just starting hears of it as soon as it listens.
    """
    until = time.monotonic() + patience_s
    while agent_lives(config):
        if time.monotonic() > until:
            return False
        with contextlib.suppress(OSError):
            _tell_shutdown(config, patience_s)
        time.sleep(0.01)
    return True


def _tell_shutdown(config: Config, patience_s: float) -> None:
    with dial(config.agent_folder, config.agent_socket.name, patience_s) as agent:
        hello = {"k": "hello", "version": protocol.VERSION, "epoch": time.time_ns()}
        agent.sendall(protocol.message(hello) + protocol.message({"k": "shutdown"}))
        while agent.recv(65536):
            pass
