"""`owari down`: ends the server, its agent and everything that runs under it."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from owari.cli.find import config_of
from owari.ending import agent_lives, end_agent

PATIENCE_S = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(args: argparse.Namespace) -> int:
    """Back when all of it is gone. Status 0 also when nothing ran, 1 when something stays."""
    config = config_of(args)
    pid = server_pid(config.data)
    lived = agent_lives(config)
    if pid is None and not lived:
        print(f"nothing runs on {config.data}")
        return 0
    if pid is not None and not _end_server(config.data, pid):
        print(f"owari down: the server (pid {pid}) does not end", file=sys.stderr)
        return 1
    if not end_agent(config, PATIENCE_S):
        print(f"owari down: the agent of {config.data} does not end", file=sys.stderr)
        return 1
    print(f"ended: {config.data}")
    return 0


def server_pid(data: Path) -> int | None:
    """The process that holds the data folder; None when there is none."""
    try:
        handle = os.open(data / "server.lock", os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(handle, 32, 0)
        return int(text) if text.isdigit() else None
    finally:
        os.close(handle)
    return None


def _end_server(data: Path, pid: int) -> bool:
    """Ask it to end with everything (SIGUSR1); what does not hear is killed."""
    for number, patience_s in ((signal.SIGUSR1, PATIENCE_S), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            if server_pid(data) != pid and _is_gone(pid):
                return True
            time.sleep(0.01)
    return False


def _is_gone(pid: int) -> bool:
    """It lets go of the folder shortly before it ends. One nobody has waited for has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"
