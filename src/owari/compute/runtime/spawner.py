"""The spawner: a tiny process that forks a keeper per slot (keeper.py), and does nothing else.

Run as `python -S -P -c 'from owari.compute.runtime.spawner import main; main()' SOCKET_FD`. A
request of the agent comes with the keeper's socket. The spawner is small and single-threaded,
so a fork takes a millisecond, and its keepers share its memory.
"""

# pathlib and contextlib would cost memory and time in every keeper.
from __future__ import annotations

import array
import gc
import marshal
import os
import signal
import socket
import sys
from typing import Any, NoReturn

from . import box, groups, rooms, tree
from .keeper import Keeper
from .scratch import Scratch

MESSAGE_MAX_BYTES = 1 << 16
FOLDER_MARK = "OWARI_AGENT"  # agent/orphans.py
SLOT_MARK = "OWARI_SLOT"  # agent/spawner.py


def _become_keeper(request: dict[str, Any], descriptor: int) -> NoReturn:
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        tree.adopt_orphans()
        group = groups.enter(request["groups"])
        scratch = Scratch(request["scratch"])
        broken = _settle(scratch, request)
        folder = os.environ[FOLDER_MARK]
        mark = {FOLDER_MARK: folder, SLOT_MARK: f"{folder}-{request['slot']}"}
        Keeper(socket.socket(fileno=descriptor), group, scratch, mark, broken).run()
    except BaseException as error:
        print(f"a keeper ended: {error!r}", flush=True)
        tree.end_all()
    os._exit(1)


def _settle(scratch: Scratch, request: dict[str, Any]) -> str:
    """Enter the mounts of the keeper's jobs; why that failed, where they cannot do without."""
    if request["room"] is None:
        return ""
    own_tmp, asked = request["room"]
    mounts = [mount[:3] for mount in asked]  # the rest only tells keepers apart
    reveal = [[path, path, True] for path in request["reveal"]] if own_tmp else []
    try:
        rooms.settle(request["scratch"], reveal + mounts, own_tmp=own_tmp)
    except OSError as error:
        print(f"no mounts of their own for jobs: {error}", flush=True)
        return str(error) if mounts else ""
    scratch.settled(own_tmp=own_tmp)
    return ""


def serve(agent: socket.socket) -> None:
    while True:
        data, ancillary, _, _ = agent.recvmsg(MESSAGE_MAX_BYTES, socket.CMSG_SPACE(4))
        if not data:
            return
        fds = array.array("i")
        for _, _, content in ancillary:
            fds.frombytes(content)
        os.set_inheritable(fds[0], False)
        if os.fork() == 0:
            agent.close()
            _become_keeper(marshal.loads(data), fds[0])
        os.close(fds[0])


def main() -> None:
    agent = socket.socket(fileno=int(sys.argv[1]))
    os.closerange(agent.fileno() + 1, os.sysconf("SC_OPEN_MAX"))  # what others let us inherit
    os.umask(0o022)
    box.usual_limits()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers: they just go
    gc.collect()
    gc.freeze()
    serve(agent)
