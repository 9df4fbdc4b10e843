"""The agent's side of a zygote: start it, ask it for workers, hear of their ends."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from owari.compute.agent import orphans
from owari.compute.agent.interpreters import Interpreter
from owari.compute.agent.loop import Loop

SCRIPT = Path(__file__).parent.parent / "runtime" / "zygote.py"
SDK = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")


def link_sdk(folder: Path, path: list[str]) -> set[str]:
    """Make `folder` hold the SDK AWS's runtime supplies, and nothing else of ours.

    Returns the folders that the links lead to.
    """
    sources = set()
    folder.mkdir(parents=True, exist_ok=True)
    for name in SDK:
        source = next((Path(p) / name for p in path if p and (Path(p) / name).exists()), None)
        link = folder / name
        if source is None:
            continue
        sources.add(str(source.parent))
        if link.is_symlink() and link.readlink() == source:
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(source)
    return sources


class Zygote:
    """`on_exit(pid, wait status)` per worker; `on_end()` when the zygote itself is gone."""

    def __init__(
        self,
        loop: Loop,
        interpreter: Interpreter,
        *,
        folder: Path,
        sdk: Path,
        mark: str,
        on_event: Callable[[Zygote, dict[str, Any]], None],
        on_end: Callable[[Zygote], None],
    ) -> None:
        self.loop = loop
        self.interpreter = interpreter
        self.mark = mark
        self.version = ""  # set when it is ready
        self.sdk_words = ""
        self.own_tmp = False
        self.tmp_unbounded = ""  # why /tmp has no size of its own
        self.on_event = on_event
        self.on_end = on_end
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        self.pid = self._spawn(theirs, folder, sdk, mark)
        theirs.close()
        loop.add(self._socket.fileno(), self._on_readable)

    def _spawn(self, theirs: socket.socket, folder: Path, sdk: Path, mark: str) -> int:
        environ = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            orphans.FOLDER_MARK: mark,
            orphans.ENVIRONMENT_MARK: "0" * orphans.DIGITS,
        }
        log = os.open(folder / "zygote.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return os.posix_spawn(
                self.interpreter.path,
                [self.interpreter.path, "-I", "-S", str(SCRIPT), "3", str(sdk), str(folder)],
                environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log, 1),
                    (os.POSIX_SPAWN_DUP2, log, 2),
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), 3),
                ],
                setsigdef=[signal.SIGPIPE],
            )
        finally:
            os.close(log)

    @property
    def is_ready(self) -> bool:
        return bool(self.version)

    def fork(self, request: dict[str, Any], control: socket.socket, output: int) -> None:
        """Ask for a worker that owns these two descriptors. Raises OSError."""
        fds = [control.fileno(), output]
        socket.send_fds(self._socket, [json.dumps(request).encode()], fds)

    def _on_readable(self, _events: int) -> None:
        while True:
            try:
                data = self._socket.recv(1 << 16)
            except BlockingIOError:
                return
            except ConnectionError:
                data = b""
            if not data:
                self.close()
                self.on_end(self)
                return
            event = json.loads(data)
            if "ready" in event:
                self.version = event["ready"]
                self.sdk_words = event["sdk"]
                self.own_tmp = not event["no_own_tmp"]
                self.tmp_unbounded = event["unbounded"]
            self.on_event(self, event)

    def close(self) -> None:
        """Its workers die with it."""
        if self._socket.fileno() >= 0:
            self.loop.remove(self._socket.fileno())
            self._socket.close()
        orphans.kill(self.pid)
