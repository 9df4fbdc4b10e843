"""One line of `owari doctor`: what was found, and the command that mends what is not."""

from __future__ import annotations

import subprocess
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "warn", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` is a command or an advice; empty where nothing needs mending."""

    name: str
    state: State
    detail: str
    mend: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def output_of(*command: str, timeout_s: float = 10.0) -> tuple[int, str]:
    """Status and output of a command; 127 when there is none, 124 when it takes too long."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
        )
    except OSError as error:
        return 127, str(error)
    except subprocess.TimeoutExpired:
        return 124, f"no answer within {timeout_s:.0f} s"
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""


def last_line(text: str) -> str:
    return text.splitlines()[-1] if text else ""
