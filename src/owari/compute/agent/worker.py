"""The agent's side of a worker process: its control socket, its output, its end.

A worker is *blank* until it is told whose environment it is. Whoever holds it is told of its
frames, its output and its end (`Holder`); the end comes exactly once and last.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path
from typing import Protocol

from owari.compute.agent import orphans
from owari.compute.agent.loop import HANG_UP, IN, OUT, Loop
from owari.compute.agent.zygotes import Zygote
from owari.compute.isolation import Slot
from owari.compute.runtime import wire

PIPE_CHUNK = 1 << 18  # more than a pipe holds
TURN_CHUNK = 1 << 14  # of one environment's output per turn: a chatty one delays nobody


class Holder(Protocol):
    def on_frame(self, kind: int, meta: bytes, payload: bytes) -> None: ...

    def on_output(self, data: bytes) -> None: ...

    def on_end(self, status: int | None) -> None:
        """`status`: as of waitpid; None when the zygote ended with it."""


class Nobody:
    """Holds a blank worker."""

    def on_frame(self, kind: int, meta: bytes, payload: bytes) -> None:
        pass

    def on_output(self, data: bytes) -> None:
        pass

    def on_end(self, status: int | None) -> None:
        pass


class Worker:
    def __init__(self, loop: Loop, zygote: Zygote, number: int, slot: Slot, tmp: Path) -> None:
        self.loop = loop
        self.zygote = zygote
        self.number = number
        self.slot = slot
        self.tmp = tmp
        self.pid = 0
        self.holder: Holder = Nobody()
        self.out_of_memory = False
        self.broken = ""  # why it could not even prepare itself
        self.ended = False
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._blocked = False
        self._paused = False
        self.idle = False
        self._doomed = False
        self._control, theirs = socket.socketpair()
        self._control.setblocking(False)
        self._output, pipe = os.pipe()
        os.set_blocking(self._output, False)
        self._fork(theirs, pipe)
        loop.add(self._control.fileno(), self._on_control)
        loop.add(self._output, self._on_output)

    def _fork(self, theirs: socket.socket, pipe: int) -> None:
        request = {
            "number": self.number,
            "cgroups": self.slot.join,
            "tmp": str(self.tmp),
        }
        try:
            self.zygote.fork(request, theirs, pipe)
        finally:
            theirs.close()
            os.close(pipe)

    # ---- to the worker
    def send(self, kind: int, meta: bytes, payload: bytes = b"") -> None:
        head = wire.HEADER.pack(wire.MAGIC, kind, len(meta), len(payload))
        self._outbox += head + meta + payload
        self._write()

    def _write(self) -> None:
        try:
            del self._outbox[: self._control.send(self._outbox)]
        except BlockingIOError:
            pass
        except OSError:
            self._outbox.clear()  # it is ending: the end will be told
            return
        if bool(self._outbox) != self._blocked:
            self._blocked = bool(self._outbox)
            self.loop.watch(self._control.fileno(), IN | OUT if self._blocked else IN)

    # ---- from the worker
    def _on_control(self, events: int) -> None:
        if events & OUT:
            self._write()
        if not events & ~OUT:
            return
        try:
            data = self._control.recv(PIPE_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            # Its end of the socket is closed: by its end, or by a function closing everything.
            self.loop.remove(self._control.fileno())
            self.kill()
            return
        self._inbox += data
        self._take_frames()

    def _take_frames(self) -> None:
        size = wire.HEADER.size
        while len(self._inbox) >= size:
            magic, kind, meta, payload = wire.HEADER.unpack_from(self._inbox)
            if magic != wire.MAGIC:
                self.kill()  # the function wrote into its runtime's socket
                self._inbox.clear()
                return
            end = size + meta + payload
            if len(self._inbox) < end:
                return
            frame = bytes(self._inbox[size:end])
            del self._inbox[:end]
            if kind == wire.BROKEN:
                self.broken = json.loads(frame[:meta])
            else:
                self._drain()
                self.holder.on_frame(kind, frame[:meta], frame[meta:])

    def _on_output(self, events: int) -> None:
        """Between invocations output waits in the pipe, as if the environment were frozen."""
        if self.idle and not events & HANG_UP:
            self.loop.watch(self._output, 0)
            self._paused = True
        else:
            self._drain(TURN_CHUNK)

    def resume(self) -> None:
        """An invocation begins."""
        self.idle = False
        if self._paused:
            self._paused = False
            if self._output >= 0:
                self.loop.watch(self._output, IN)

    def _drain(self, most_bytes: int = PIPE_CHUNK) -> None:
        """What was printed up to now, before anything that follows from it."""
        if self._output < 0:
            return
        try:
            data = os.read(self._output, most_bytes)
        except BlockingIOError:
            return
        if data:
            self.holder.on_output(data)
        else:
            self._close_output()

    def _close_output(self) -> None:
        self.loop.remove(self._output)
        os.close(self._output)
        self._output = -1

    # ---- its end
    def forked(self, pid: int) -> None:
        self.pid = pid
        if self._doomed:
            self.kill()

    def signal(self, number: int) -> None:
        if self.pid and not self.ended:
            orphans.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL to the environment's whole tree."""
        self._doomed = True
        for pid in self._tree():
            orphans.kill(pid)
        self.signal(signal.SIGKILL)

    def _tree(self) -> list[int]:
        if self.slot.join:
            return self.slot.pids()
        if not self.pid:
            return []
        return orphans.descendants(self.pid)

    def finish(self, status: int | None) -> None:
        """The process has ended: its descendants go too, the rest of its output is read."""
        if self.ended:
            return
        self.ended = True
        for pid in self._tree():
            orphans.kill(pid)
        if not self.slot.join:
            marks = (orphans.environment_mark(self.number), orphans.folder_mark(self.zygote.mark))
            orphans.kill_marked(*marks, within_s=0.5)  # another agent counts its own too
        if self._control.fileno() >= 0:
            self._read_last_frames()
        self._drain()
        if self._output >= 0:
            self._close_output()
        self.loop.remove(self._control.fileno())
        self._control.close()
        self.holder.on_end(status)

    def _read_last_frames(self) -> None:
        try:
            while data := self._control.recv(PIPE_CHUNK):
                self._inbox += data
        except OSError:
            pass
        self._take_frames()
