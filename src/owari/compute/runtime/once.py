"""A folder that several processes want is made by one of them, whole or not at all."""

# ruff: noqa: PTH104, PTH112

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable


def make_once(folder: str, fill: Callable[[str], None]) -> None:
    """`fill` makes the folder it is given; what becomes of it is `folder`. Does nothing when that
    is there already. Raises OSError and whatever `fill` raises."""
    if os.path.isdir(folder):
        return
    lock = os.open(folder + ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            part = folder + ".part"
            shutil.rmtree(part, ignore_errors=True)
            fill(part)
            os.rename(part, folder)
    finally:
        os.close(lock)
