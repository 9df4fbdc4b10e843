"""How a job's first process begins: quickly (`posix_spawn`), or in a box of its own.

A box is what the quick way cannot do: a root folder, mounts, tmpfs, another user. The keeper is
small, so it can fork; the child prepares itself and becomes the command.
"""

# pathlib and contextlib would cost memory and time in every keeper.
# ruff: noqa: PTH110, PTH112, PTH118

from __future__ import annotations

import os
import resource
import signal
from typing import Any, NoReturn

from . import rooms
from .forking import forked
from .scratch import Scratch

# What the agent ignores, Python ignores, or a handler is for: as any program expects them.
DEFAULT_SIGNALS = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGTERM,
    signal.SIGCHLD, signal.SIGXFSZ, signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip
SCORES = ((-1000, 0), (0, 500))  # out-of-memory scores: the keeper's and the job's

Job = dict[str, Any]


class Starter:
    """Starts jobs with `output` as their stdout and stderr, stdin empty, in a session each."""

    def __init__(self, output: int, scratch: Scratch) -> None:
        self.output = output
        self.scratch = scratch
        self._null = os.open("/dev/null", os.O_RDONLY)
        self._actions = [
            (os.POSIX_SPAWN_DUP2, self._null, 0),
            (os.POSIX_SPAWN_DUP2, output, 1),
            (os.POSIX_SPAWN_DUP2, output, 2),
        ]
        self._found: dict[tuple[str, str], str] = {}
        self._score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        self._own, self._job = self._choose_scores()

    def _choose_scores(self) -> tuple[bytes, bytes]:
        """When memory runs out the job is killed, never the keeper."""
        for own, job in SCORES:
            try:
                os.write(self._score, b"%d" % own)
                return b"%d" % own, b"%d" % job
            except PermissionError:
                continue
        return b"0", b"0"

    def start(self, job: Job, mark: dict[str, str]) -> int:
        """The process id. Raises OSError, ValueError or LookupError, worded as runc words it."""
        if not job["command"]:
            raise LookupError("no command specified, and the image has none of its own here")
        variables = job["variables"] | mark
        box = job["box"] or {"root": None, "own_tmp": False}
        own_tmp = self.scratch.own_tmp or box["own_tmp"]
        if not own_tmp and not box["root"]:
            variables = {"TMPDIR": self.scratch.tmp} | variables
        folder = job["folder"]
        if not folder and not box.get("enter"):
            folder = "/tmp" if own_tmp else self.scratch.tmp
        os.set_blocking(self.output, True)  # the last job may have changed it
        if job["box"] is not None:
            return forked(lambda errors: self._become(job, folder, variables, errors))
        command = job["command"]
        os.chdir(folder)  # each time: it may have been removed and made anew
        path = self._find(command[0], variables.get("PATH", ""))
        os.pwrite(self._score, self._job, 0)
        try:
            return os.posix_spawn(
                path,
                command,
                variables,
                file_actions=self._actions,
                setsid=True,
                setsigdef=DEFAULT_SIGNALS,
                setsigmask=(),
            )
        except OSError as error:
            raise OSError(_words(command[0], error)) from None
        finally:
            os.pwrite(self._score, self._own, 0)

    def _find(self, name: str, path: str) -> str:
        found = self._found.get((name, path))
        if found is None or not os.access(found, os.X_OK):
            found = self._found[name, path] = find(name, path)
        return found

    # ---- in a box
    def _become(self, job: Job, folder: str, variables: dict[str, str], errors: int) -> NoReturn:
        try:
            os.setsid()
            os.pwrite(self._score, self._job, 0)
            for number, fd in enumerate((self._null, self.output, self.output)):
                os.dup2(fd, number)
            for name, soft, hard in job["box"]["limits"]:
                _limit(name, soft, hard)
            variables = rooms.enter(job["box"], folder, variables)
            for number in DEFAULT_SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            command = job["command"]
            path = find(command[0], variables.get("PATH", ""))
            try:
                os.execve(path, command, variables)
            except OSError as error:
                raise OSError(_words(command[0], error)) from None
        except BaseException as error:
            os.write(errors, (str(error) or repr(error)).encode("utf-8", "replace"))
        os._exit(127)


def find(name: str, path: str) -> str:
    """As execvp finds it. Raises LookupError."""
    if "/" in name:
        if os.path.isdir(name):
            raise LookupError(f'exec: "{name}": is a directory: unknown')
        if not os.path.exists(name):
            raise LookupError(f'exec: "{name}": stat {name}: no such file or directory: unknown')
        if not os.access(name, os.X_OK):
            raise LookupError(f'exec: "{name}": permission denied: unknown')
        return name
    for folder in path.split(":"):
        found = os.path.join(folder, name)
        if name and os.access(found, os.X_OK) and not os.path.isdir(found):
            return found
    raise LookupError(f'exec: "{name}": executable file not found in $PATH: unknown')


def _words(name: str, error: OSError) -> str:
    return f'exec "{name}": {(error.strerror or str(error)).lower()}: unknown'


def _limit(name: str, soft: int, hard: int) -> None:
    """`nofile` and the like, -1 for none. Raises ValueError."""
    number = getattr(resource, f"RLIMIT_{name.upper()}", None)
    if number is None:
        raise ValueError(f"ulimit {name} is not known here")
    try:
        resource.setrlimit(number, (soft, hard))
    except (ValueError, OSError, OverflowError) as error:
        raise ValueError(f"ulimit {name}={soft}:{hard}: {error}") from None


def usual_limits() -> None:
    """Descriptors as a Fargate task has them (ECS: ulimits), whatever the agent needs."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_535 if hard == resource.RLIM_INFINITY else min(hard, 65_535)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
