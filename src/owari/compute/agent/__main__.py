"""`python -m owari.compute.agent FOLDER MARK`: the agent of one data folder, run detached."""

from __future__ import annotations

import argparse
import fcntl
import gc
import os
import resource
import signal
from pathlib import Path

from owari.compute import isolation
from owari.compute.agent import port
from owari.compute.agent.core import Agent
from owari.compute.agent.folder import bury_predecessor, clean_folder, remove_groups


def main() -> int:
    arguments = _parse()
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # whatever the server's parents left open
    folder: Path = arguments.folder
    os.chdir(folder)
    os.umask(0o077)
    lock = os.open("agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not _lock(lock):
        print("another agent has this folder", flush=True)
        return 1
    _more_descriptors()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a terminal's signals are the server's affair
    bury_predecessor(folder, arguments.mark)
    tier = isolation.detect(f"owari-{arguments.mark}", wish=arguments.isolation)
    (folder / "cgroups").write_text("\n".join(tier.parents))
    clean_folder(folder)
    agent = Agent(folder, arguments.mark, tier, idle_s=arguments.idle_s, gpus=arguments.gpus)
    signal.signal(signal.SIGTERM, lambda _number, _frame: agent.end())
    gc.collect()
    gc.freeze()
    agent.run()
    remove_groups(tier.parents)
    for name in ("agent.sock", port.NAME):
        (folder / name).unlink(missing_ok=True)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="owari.compute.agent")
    parser.add_argument("folder", type=Path)
    parser.add_argument("mark")
    parser.add_argument("--isolation", default="auto", choices=("auto", "watchdog"))
    parser.add_argument("--idle-s", type=float, default=600.0)
    parser.add_argument("--gpus", type=int)
    return parser.parse_args()


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _more_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    raise SystemExit(main())
