"""A function's runtime, or an extension, as a program of its own: found, started, ended."""

# pathlib and contextlib would cost memory and time in every worker.
# ruff: noqa: PTH113, PTH118, PTH208

from __future__ import annotations

import os
import signal
from typing import Any, NoReturn

from . import rooms, sandbox
from .faults import Fault
from .forking import forked

EXTENSIONS = "extensions"  # Extensions API: executables in this folder of /opt
DEFAULT_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGCHLD)


def command(program: dict[str, Any], code: str, opt: str) -> list[str]:
    """What to run. Raises Fault where a bootstrap is nowhere."""
    argv = [part.replace("{code}", code).replace("{opt}", opt) for part in program["command"]]
    bootstraps = program.get("bootstraps") or []
    places = [part.replace("{code}", code).replace("{opt}", opt) for part in bootstraps]
    if not places:
        return argv
    found = next((place for place in places if os.path.isfile(place)), None)
    if found is None:
        words = "Couldn't find valid bootstrap(s): [{}]".format(" ".join(bootstraps_words(program)))
        raise Fault("Runtime.InvalidEntrypoint", words)
    return [found, *argv]


def bootstraps_words(program: dict[str, Any]) -> list[str]:
    """Where they are looked for, as AWS calls the places."""
    return [
        part.replace("{code}", "/var/task").replace("{opt}", "/opt")
        for part in program["bootstraps"]
    ]


def extensions(opt: str) -> list[str]:
    """The external extensions of the layers, in the order of their names."""
    folder = os.path.join(opt, EXTENSIONS)
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [os.path.join(folder, name) for name in names if os.path.isfile(f"{folder}/{name}")]


def start(argv: list[str], folder: str, variables: dict[str, str], box: Any = None) -> int:
    """The process id of its leader. Raises OSError, worded as AWS words it."""
    parent = os.getpid()
    return forked(lambda errors: _become(argv, folder, variables, box, parent, errors))


def _become(
    argv: list[str], folder: str, variables: dict[str, str], box: Any, parent: int, errors: int
) -> NoReturn:
    try:
        sandbox.die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        for number in DEFAULT_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        if box is not None and "outside" in box:
            sandbox.leave_mounts(box["of"])
            os.chdir(folder)
        elif box is not None:
            variables = rooms.enter(box, folder, variables)
        else:
            os.chdir(folder)
        path = argv[0] if "/" in argv[0] else _on_path(argv[0], variables.get("PATH", ""))
        os.execve(path, argv, variables)
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        os.write(errors, f"fork/exec {argv[0]}: {words}".encode())
    except BaseException as error:
        os.write(errors, (str(error) or repr(error)).encode("utf-8", "replace"))
    os._exit(127)


def _on_path(name: str, path: str) -> str:
    for folder in path.split(":"):
        found = os.path.join(folder, name)
        if os.access(found, os.X_OK) and os.path.isfile(found):
            return found
    return name


def end_like(status: int) -> NoReturn:
    """End as another process has ended: the agent sees what became of the runtime."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else 0
        sandbox.no_core()
        os.kill(os.getpid(), -code)
        signal.pause()
    os._exit(code)
