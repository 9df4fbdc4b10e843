"""Asking another program without waiting for it: its output, when it has ended."""

from __future__ import annotations

import os
from collections.abc import Callable

from owari.compute import containers
from owari.compute.agent.loop import Loop
from owari.compute.agent.saying import say

ANSWER_MAX_BYTES = 1 << 16  # a pipe's room: more is not read, and the program is not kept waiting


def ask(loop: Loop, command: list[str], answer: Callable[[bytes], None]) -> None:
    """`answer` gets its stdout; nothing when it cannot be run at all."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    got = bytearray()

    def on_output(_events: int) -> None:
        try:
            data = os.read(read, ANSWER_MAX_BYTES)
        except BlockingIOError:
            return
        got.extend(data)
        if not data:
            loop.remove(read)
            os.close(read)
            answer(bytes(got))

    try:
        os.posix_spawnp(
            command[0],
            command,
            containers.settings() | {"PATH": os.environ.get("PATH", "")},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, write, 1),
                (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0),
            ],
            setsid=True,
        )
    except OSError as error:
        say(f"{command[0]} cannot be run: {error}")
    finally:
        os.close(write)
    loop.add(read, on_output)
