"""A child that becomes another program, or says why it could not."""

from __future__ import annotations

import os
from collections.abc import Callable


def forked(become: Callable[[int], object]) -> int:
    """The process id of the child. `become` runs in it: it writes to the descriptor it is given
    what went wrong, and never returns. Raises OSError with those words."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        become(write)
        os._exit(127)
    os.close(write)
    why = b""
    while chunk := os.read(read, 4096):
        why += chunk
    os.close(read)
    if why:
        os.waitpid(pid, 0)
        raise OSError(why.decode("utf-8", "replace"))
    return pid
