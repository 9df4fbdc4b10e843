"""What the agent says goes to its log, which may be on a full disk: it is never worth its life."""

from __future__ import annotations

import contextlib
import os


def say(text: str) -> None:
    """One line, unbuffered: text that could not be written is not tried again."""
    with contextlib.suppress(OSError):
        os.write(1, f"{text}\n".encode())
