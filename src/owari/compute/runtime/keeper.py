"""A keeper: one slot for process runs, forked from the spawner. One job at a time, no child of
its own but the job.

It lives in the slot's cgroup, so a job is born there, and starts jobs by `posix_spawn`: no
interpreter, no page tables copied. It reads the job's output (what the agent does not take
makes the job wait, nothing is lost), enforces its time, and ends whatever a job leaves behind
before it tells of its end. Short jobs are sent ahead; those that have to wait are given back.
"""

# pathlib and contextlib would cost memory and time in every keeper.

from __future__ import annotations

import marshal
import os
import select
import signal
import socket
import time
from collections import deque
from typing import Any, NoReturn

from . import box, frames, groups, tree
from .scratch import Scratch

CHUNK = 1 << 16
BACKLOG_MAX_BYTES = 1 << 18  # of output the agent has not taken: beyond it the job waits
QUIET_MS = 4  # a job that ends sooner is told of once
AHEAD_MS = 25  # a job sent ahead waits no longer than this
REFILL_BELOW = 3  # jobs waiting here: the agent hears of ends together, but before we are idle
WATCH_MS = 20  # between looks at the memory of a job without a cgroup
REAP_MS = 10_000

MIB = 1024 * 1024
IN, OUT, NOTHING = select.POLLIN, select.POLLOUT, 0

Job = dict[str, Any]


class Running:
    """A plain class: `dataclasses` would cost memory and time in every keeper."""

    __slots__ = ("began", "flags", "job", "kill_at", "number", "pid", "started", "stop_at", "told")

    def __init__(self, number: int, job: Job, pid: int) -> None:
        self.number = number
        self.job = job
        self.pid = pid
        self.started = time.time()  # epoch seconds
        self.began = time.monotonic()
        self.stop_at: float = self.began + job["timeout_s"]
        self.kill_at = float("inf")
        self.flags = 0
        self.told = False


class Keeper:
    """`mark` is set in every job's environment, so that a job outliving us is found."""

    def __init__(
        self,
        agent: socket.socket,
        group: groups.Group,
        scratch: Scratch,
        mark: dict[str, str],
        broken: str,
    ) -> None:
        self.agent = agent
        self.group = group
        self.scratch = scratch
        self.mark = mark
        self.broken = broken  # why no job can be run here
        self.queue: deque[tuple[int, bytes]] = deque()
        self.running: Running | None = None
        self._in = bytearray()
        self._out = bytearray()
        self._paused = False
        agent.setblocking(False)
        self._pipe, theirs = os.pipe()
        os.set_blocking(self._pipe, False)
        self._starter = box.Starter(theirs, scratch)
        self._poll = select.poll()
        self._poll.register(agent, IN)
        self._poll.register(self._pipe, IN)
        if group.event_fd >= 0:
            self._poll.register(group.event_fd, group.event_mask)
        self._agent_fd = agent.fileno()

    def run(self) -> NoReturn:
        self._tell(frames.READY, os.getpid())
        while True:
            while not self.queue or len(self._out) > BACKLOG_MAX_BYTES:
                self._turn(None)
            self._carry_out(*self.queue.popleft())
            if len(self.queue) < REFILL_BELOW:
                self._flush()

    # ---- one job
    def _carry_out(self, number: int, body: bytes) -> None:
        job: Job = marshal.loads(body)
        try:
            if self.broken:
                raise OSError(self.broken)
            self.group.limit(job["memory_mib"], job["vcpus"])
            self.group.forget()
            pid = self._starter.start(job, self.mark)
        except (OSError, ValueError, LookupError) as error:
            self._tell(frames.UNSTARTED, number, str(error).encode("utf-8", "replace"))
            tree.end_all()
            self.scratch.clear()
            return
        self.running = Running(number, job, pid)
        self._wait(self.running)
        _, status = os.waitpid(pid, 0)
        tree.end_all()
        self._tell_end(self.running, status)
        self.running = None
        self.scratch.clear()

    def _wait(self, running: Running) -> None:
        """Until the job's first process has ended."""
        ended = os.pidfd_open(running.pid)
        self._poll.register(ended, IN)
        try:
            while not self._turn(self._patience_ms(running), ended):
                if not running.told:
                    self._tell_start(running)
                self._mind_the_clock(running)
        finally:
            self._poll.unregister(ended)
            os.close(ended)

    def _patience_ms(self, running: Running) -> float:
        if not running.told:
            return QUIET_MS
        wait = AHEAD_MS if self.queue else REAP_MS
        if not self.group.exact or self.group.suspects:
            wait = min(wait, WATCH_MS)
        due = min(running.stop_at, running.kill_at) - time.monotonic()
        return min(wait, max(due, 0.0) * 1000 + 1)

    def _mind_the_clock(self, running: Running) -> None:
        now = time.monotonic()
        if now >= running.kill_at:
            running.kill_at = now + 1.0
            tree.send(signal.SIGSTOP)  # nobody is to end by a fork that fails, not by SIGKILL
            self._kill()
        elif now >= running.stop_at:
            self._stop(running, frames.TIMED_OUT)
        if self.queue and now >= running.began + AHEAD_MS / 1000:
            self._give_back()
        if not running.flags & frames.OUT_OF_MEMORY and self._lacks_memory(running):
            running.flags |= frames.OUT_OF_MEMORY
            self._give_back()  # if we are ended from outside meanwhile, no other run is lost
            self._kill()
        tree.reap_adopted(running.pid)

    def _kill(self) -> None:
        self.group.forbid_forks()
        tree.kill_all()

    def _stop(self, running: Running, flag: int) -> None:
        """SIGTERM to the whole tree, later SIGKILL."""
        if not running.flags & (frames.TIMED_OUT | frames.STOPPED):
            running.flags |= flag
            running.stop_at = float("inf")
            running.kill_at = time.monotonic() + running.job["grace_s"]
            if running.job.get("proxied"):  # a container runtime's client: it passes it on
                os.kill(running.pid, signal.SIGTERM)
            else:
                tree.send(signal.SIGTERM)

    def _lacks_memory(self, running: Running) -> bool:
        if self.group.exact:
            return bool(self.group.ran_out_of_memory())
        return bool(tree.resident_bytes() > running.job["memory_mib"] * MIB)

    def _give_back(self) -> None:
        while self.queue:
            self._tell(frames.RETURNED, self.queue.popleft()[0])

    # ---- what is told
    def _tell(self, kind: int, number: int, body: bytes = b"") -> None:
        self._out += frames.frame(kind, number, body)

    def _tell_start(self, running: Running) -> None:
        running.told = True
        body = frames.STARTED_BODY.pack(running.pid, running.started)
        self._tell(frames.STARTED, running.number, body)

    def _tell_end(self, running: Running, status: int) -> None:
        """After the last of its output."""
        while self._take_output(running):
            pass
        if self.group.ran_out_of_memory():
            running.flags |= frames.OUT_OF_MEMORY
        body = frames.ENDED_BODY.pack(status, running.flags, running.started, time.time())
        self._tell(frames.ENDED, running.number, body)

    def _take_output(self, running: Running | None) -> bool:
        try:
            data = os.read(self._pipe, CHUNK)
        except BlockingIOError:
            return False
        if running is not None and data:
            if not running.told:
                self._tell_start(running)
            self._tell(frames.OUTPUT, running.number, data)
        return bool(data)

    # ---- the turn of events
    def _turn(self, patience_ms: float | None, ended: int = -1) -> bool:
        """Wait for something to happen and deal with it; whether `ended` has."""
        if self._out and (self.running is None or self.running.told):
            self._flush()
        over = False
        for fd, events in self._poll.poll(patience_ms):
            if fd == ended:
                over = True
            elif fd == self._pipe:
                self._take_output(self.running)
            elif fd == self._agent_fd and events & ~OUT:
                self._hear()
            # else out of memory: looked at with the clock
        return over

    def _flush(self) -> None:
        if self._out:
            try:
                del self._out[: self.agent.send(self._out)]
            except BlockingIOError:
                pass
            except OSError:
                self._abandoned()
        self._poll.modify(self._agent_fd, IN | OUT if self._out else IN)
        full = len(self._out) > BACKLOG_MAX_BYTES
        if full != self._paused:
            self._paused = full
            self._poll.modify(self._pipe, NOTHING if full else IN)

    def _hear(self) -> None:
        try:
            data = self.agent.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._abandoned()
        self._in += data
        for kind, number, body in frames.cut(self._in):
            if kind == frames.JOB:
                self.queue.append((number, body))
            else:
                self._asked_to_stop(number)

    def _asked_to_stop(self, number: int) -> None:
        if self.running is not None and self.running.number == number:
            self._stop(self.running, frames.STOPPED)
            return
        for entry in list(self.queue):
            if entry[0] == number:
                self.queue.remove(entry)
                self._tell(frames.RETURNED, number)

    def _abandoned(self) -> NoReturn:
        """The agent is gone: nothing of its jobs may go on."""
        tree.end_all()
        os._exit(0)
