"""A worker whose runtime is a program of its own: it serves that program the Runtime API.

It stands between the agent (frames, wire.py) and the program (HTTP on loopback), and ends as the
program ends, so the agent treats it as it treats any environment.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from typing import Any, NoReturn

from . import http1, peers, program, wire
from .faults import Fault
from .runtime_api import RESPONSE_MAX_BYTES, RuntimeApi

CHUNK = 1 << 18
GRACE_S = 0.3  # for a runtime that has reported an error of its initialisation
LEAVE_S = 2.0  # Extensions API: the shutdown phase with extensions


class Connection:
    """One connection of the runtime or of an extension; an `ask` of runtime_api.py."""

    def __init__(self, host: Host, sock: socket.socket) -> None:
        self.host = host
        self.sock = sock
        self.parser = http1.Parser(self)
        self.out = bytearray()
        self.closing = False
        self._writing = False
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)

    # ---- of http1.Parser
    def on_head(self, request: http1.Request) -> None:
        if request.headers.get("expect", "").lower() == "100-continue":
            self._write(http1.CONTINUE)

    def on_data(self, request: http1.Request, data: bytes) -> None:
        api = self.host.api
        if not api.keeps(request):
            api.on_data(request, data)
        elif request.size <= CHUNK + RESPONSE_MAX_BYTES:  # more is refused at its end
            request.body += data

    def on_end(self, request: http1.Request) -> None:
        self.closing = request.headers.get("connection", "").lower() == "close"
        answer = self.host.api.handle(request, self)
        if answer is not None:
            self.reply(answer)
        if self.host.api.failed:
            self.host.give_up()

    def reply(self, answer: tuple[int, bytes, dict[str, str]]) -> None:
        self._write(http1.answer(*answer))
        if self.closing and not self.out:
            self.host.close(self)

    # ---- its socket
    def on_readable(self) -> None:
        try:
            data = self.sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            if data:
                self.parser.feed(data)
                return
        except http1.BadRequest as error:
            self._write(http1.answer(400, str(error).encode(), {"Connection": "close"}))
        self.host.close(self)

    def _write(self, data: bytes) -> None:
        self.out += data
        self.flush()

    def flush(self) -> None:
        try:
            del self.out[: self.sock.send(self.out)]
        except BlockingIOError:
            pass
        except OSError:
            self.out.clear()
            self.host.close(self)
            return
        if bool(self.out) != self._writing:
            self._writing = bool(self.out)
            self.host.watch(self, self._writing)


class Host:
    """`control` speaks to the agent; `run` never returns."""

    def __init__(self, control: int, meta: dict[str, Any], opt: str) -> None:
        self.control = control
        self.meta = meta
        self.code = meta["code"]
        self.parent = os.getppid()
        self.opt = opt
        self.runtime = 0  # process ids
        self.extensions = {}  # type: dict[int, str]
        self.wake = -1  # readable when a child has ended
        self.until = float("inf")  # then everything is ended
        self.connections = {}  # type: dict[int, Connection]
        self.poll = select.epoll()
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.variables = dict(os.environ)
        self.variables["AWS_LAMBDA_RUNTIME_API"] = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.api = RuntimeApi(meta["arn"], self.variables, self._send, self._reply)

    def _send(self, kind: int, meta: bytes, payload: bytes) -> None:
        wire.send(self.control, kind, meta, payload)

    def _reply(self, ask: Connection, answer: tuple[int, bytes, dict[str, str]]) -> None:
        ask.reply(answer)

    # ---- life
    def run(self) -> NoReturn:
        self.wake, alarm = os.pipe()
        for fd in (self.wake, alarm):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        callbacks = {
            self.control: self._on_frame,
            self.listener.fileno(): self._accept,
            self.wake: self._reap,
        }
        for fd in callbacks:
            self.poll.register(fd, select.EPOLLIN)
        self._start_extensions()
        while True:
            delay = -1 if self.until == float("inf") else max(self.until - time.monotonic(), 0)
            for fd, events in self.poll.poll(delay):
                if fd in callbacks:
                    callbacks[fd]()
                elif fd in self.connections:
                    connection = self.connections[fd]
                    if events & select.EPOLLOUT:
                        connection.flush()
                    if events & ~select.EPOLLOUT:
                        connection.on_readable()
            self._start_runtime()
            if time.monotonic() >= self.until:
                os._exit(1)

    def _start_extensions(self) -> None:
        """They have registered before the runtime begins."""
        for path in program.extensions(self.opt):
            name = path.rpartition("/")[2]
            self.api.expected.add(name)
            try:
                self.extensions[program.start([path], "/", self.variables)] = name
            except OSError as error:
                self._fail("Extension.LaunchError", str(error))
        self._start_runtime()

    def _start_runtime(self) -> None:
        if self.runtime or self.api.expected or self.api.failed:
            return
        wanted = self.meta["program"]
        try:
            argv = program.command(wanted, self.code, self.opt)
            folder = wanted.get("folder") or self.code
            box = wanted.get("box")
            if box is not None:
                box["of"] = self.parent
            self.runtime = program.start(argv, folder, self.variables, box)
        except Fault as fault:
            self._fail(fault.kind, fault.message)
        except OSError as error:
            self._fail("Runtime.InvalidEntrypoint", str(error))

    def _fail(self, kind: str, words: str) -> NoReturn:
        """It cannot begin. The agent puts the request's id before these words."""
        told = {"errorType": kind, "errorMessage": words, "platform": True}
        os.write(1, f"{words}\n".encode())
        self._send(wire.INIT_ERROR, b"", json.dumps(told).encode())
        os._exit(1)

    def give_up(self) -> None:
        """The runtime has said that it cannot go on: it may end by itself."""
        self.until = min(self.until, time.monotonic() + GRACE_S)

    def _leave(self) -> None:
        """The environment is no longer needed: extensions have a moment."""
        if not self.api.shut_down("spindown"):
            os._exit(0)
        if self.runtime:
            os.kill(self.runtime, signal.SIGTERM)
        self.until = min(self.until, time.monotonic() + LEAVE_S)

    def _reap(self) -> None:
        os.read(self.wake, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            name = self.extensions.pop(pid, None)
            if self.until != float("inf"):
                if pid == self.runtime and not self.extensions:
                    program.end_like(status)
                if name is not None and not self.extensions:
                    os._exit(0)
            elif pid == self.runtime:
                self._last_words()
                program.end_like(status)
            elif name is not None:
                self._extension_ended(name, status)

    def _extension_ended(self, name: str, status: int) -> None:
        """Extensions API: the environment is of no use without it."""
        os.write(1, f"EXTENSION\tName: {name}\tState: Exited\n".encode())
        if not self.api.started:
            code = os.waitstatus_to_exitcode(status)
            self._fail("Extension.Crash", f"exit code {code}")
        program.end_like(status)

    def _last_words(self) -> None:
        """What the runtime sent before it ended has not been read yet."""
        for connection in list(self.connections.values()):
            connection.on_readable()

    # ---- events
    def _on_frame(self) -> None:
        kind, meta, payload = wire.receive(self.control)
        if kind == wire.INVOKE:
            self.api.invoke(json.loads(meta), payload)
        elif kind == wire.LEAVE:
            self._leave()

    def _accept(self) -> None:
        sock, _ = self.listener.accept()
        # A container's program may be another user's: those are not told apart.
        contained = "outside" in (self.meta["program"].get("box") or {})
        if not contained and not peers.is_ours(sock):
            sock.close()
            return
        connection = Connection(self, sock)
        self.connections[sock.fileno()] = connection
        self.poll.register(sock.fileno(), select.EPOLLIN)

    def watch(self, connection: Connection, writing: bool) -> None:
        if connection.sock.fileno() in self.connections:
            wanted = select.EPOLLIN | select.EPOLLOUT if writing else select.EPOLLIN
            self.poll.modify(connection.sock.fileno(), wanted)

    def close(self, connection: Connection) -> None:
        fd = connection.sock.fileno()
        if self.connections.pop(fd, None) is not None:
            self.poll.unregister(fd)
            connection.sock.close()
            self.api.gone(connection)
