"""The agents of this machine, by their command lines: also those that do not listen yet."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

MODULE = b"owari.compute.agent"  # in the command line, before the agent's folder


def agents() -> Iterator[tuple[Path, Path]]:
    """Of each its folder in /proc and the data folder it works for."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            words = (process / "cmdline").read_bytes().split(b"\0")
            if MODULE in words:
                yield process, Path(os.fsdecode(words[words.index(MODULE) + 1])).parent
