"""The agent's side of the spawner and its keepers (runtime/spawner.py, runtime/keeper.py)."""

from __future__ import annotations

import marshal
import os
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Protocol

from owari.compute.agent import orphans, warden
from owari.compute.agent.loop import IN, OUT, Loop
from owari.compute.isolation import Tier
from owari.compute.runtime import frames

COMMAND = "from owari.compute.runtime.spawner import main; main()"
SLOT_MARK = "OWARI_SLOT"  # runtime/spawner.py
CHUNK = 1 << 18
SOURCE = str(Path(__file__).parents[3])


class Owner(Protocol):
    """Told of what a keeper says."""

    def on_frame(self, keeper: Keeper, kind: int, number: int, body: bytes) -> None: ...

    def on_shortage(self, keeper: Keeper) -> None:
        """The kernel killed in its group, for want of memory."""

    def on_keeper_end(self, keeper: Keeper) -> None: ...


# What mounts the jobs of a keeper share: (own /tmp?, ((source, target, read only, identity of the
# source), …)); None: none.
Room = tuple[bool, tuple[tuple[str, str, bool, str], ...]] | None


class Keeper:
    """One slot."""

    def __init__(
        self,
        loop: Loop,
        slot: int,
        room: Room,
        connection: socket.socket,
        owner: Owner,
        groups: list[str],
    ) -> None:
        self.loop = loop
        self.slot = slot
        self.room = room
        self.owner = owner
        self.jobs: list[int] = []  # numbers of the runs it has, the running one first
        self.groups = groups
        self.short_since: tuple[int, float] | None = None  # of memory: run, loop's time
        self.pid = 0  # until it is ready
        self.condemned = False  # it is being ended from outside
        self._socket = connection
        self._in = bytearray()
        self._out = bytearray()
        self._mask = IN
        self._paused = False
        connection.setblocking(False)
        loop.add(connection.fileno(), self._on_event)
        self._shortages = warden.Shortages(loop, groups, lambda: owner.on_shortage(self))

    def send(self, kind: int, number: int, body: bytes = b"") -> None:
        """Goes out at the next `flush`."""
        self._out += frames.frame(kind, number, body)

    def flush(self) -> None:
        if not self._out or self._socket.fileno() < 0:
            return
        try:
            del self._out[: self._socket.send(self._out)]
        except BlockingIOError:
            pass
        except OSError:
            self._out.clear()  # it is ending: the end will be told
        self._watch()

    def pause(self, paused: bool) -> None:
        """While paused its jobs wait for us to take their output."""
        self._paused = paused
        self._watch()

    def _watch(self) -> None:
        mask = (0 if self._paused else IN) | (OUT if self._out else 0)
        if mask != self._mask and self._socket.fileno() >= 0:
            self._mask = mask
            self.loop.watch(self._socket.fileno(), mask)

    def _on_event(self, events: int) -> None:
        if events & OUT:
            self.flush()
        if not events & ~OUT or self._socket.fileno() < 0:
            return
        try:
            data = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            self.owner.on_keeper_end(self)
            return
        self._in += data
        for kind, number, body in frames.cut(self._in):
            self.owner.on_frame(self, kind, number, body)

    def close(self) -> None:
        """It ends whatever it runs, and itself."""
        if self._socket.fileno() >= 0:
            self.loop.remove(self._socket.fileno())
            self._socket.close()
            self._shortages.close()

    def end(self) -> None:
        """From outside, with whatever it runs; its owner is told as of any other end."""
        self.condemned = True
        if self.pid:
            orphans.kill(self.pid)
        warden.end_while(self.loop, self.groups, lambda: self._socket.fileno() >= 0)


class Spawner:
    """Started when the first keeper is wanted, and again when it has ended."""

    def __init__(
        self, loop: Loop, folder: Path, tier: Tier, mark: str, *, reveal: list[str]
    ) -> None:
        self.loop = loop
        self.folder = folder
        self.tier = tier
        self.mark = mark
        self._below_tmp = [path for path in reveal if path.startswith("/tmp/")]
        self._scratch = str(folder / "jobs")
        self.pid = 0
        self._socket: socket.socket | None = None
        self._free_slots: list[int] = []
        self._slots = 0
        shutil.rmtree(folder / "jobs", ignore_errors=True)
        (folder / "jobs").mkdir()

    def keeper(self, room: Room, owner: Owner) -> Keeper:
        """A new one. Raises OSError."""
        if self._socket is None:
            self._socket = self._start()
        slot = self._take_slot()
        scratch = self.folder / "jobs" / str(slot)
        (scratch / "tmp").mkdir(parents=True, exist_ok=True)
        scratch.chmod(0o755)
        (scratch / "tmp").chmod(0o1777)
        ours, theirs = socket.socketpair()
        groups = self.tier.job_groups(slot)
        request = {
            "groups": groups,
            "scratch": str(scratch),
            "reveal": self.revealed(),
            "room": room,
            "slot": slot,
        }
        try:
            socket.send_fds(self._socket, [marshal.dumps(request)], [theirs.fileno()])
        except OSError:
            ours.close()
            self._on_end()
            raise
        finally:
            theirs.close()
        return Keeper(self.loop, slot, room, ours, owner, groups)

    def _take_slot(self) -> int:
        if self._free_slots:
            return self._free_slots.pop()
        self._slots += 1
        return self._slots

    def revealed(self) -> list[str]:
        """What must be seen although it is below the real /tmp."""
        return [path for path in self._below_tmp if os.path.exists(path)]  # noqa: PTH110  (per job)

    def scratch(self, keeper: Keeper) -> str:
        """The folder for what its jobs write."""
        return f"{self._scratch}/{keeper.slot}"

    def give_slot(self, slot: int) -> None:
        """Nothing runs in it any more."""
        self._free_slots.append(slot)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        log = os.open(
            self.folder / "spawner.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        )
        environ = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONPATH": SOURCE,
            "PYTHONDONTWRITEBYTECODE": "1",
            orphans.FOLDER_MARK: self.mark,
        }
        try:
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-S", "-P", "-c", COMMAND, "3"],
                environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log, 1),
                    (os.POSIX_SPAWN_DUP2, log, 2),
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), 3),
                ],
                setsid=True,
                setsigdef=[signal.SIGPIPE, signal.SIGHUP, signal.SIGINT],
            )
        finally:
            os.close(log)
            theirs.close()
        self.loop.add(ours.fileno(), lambda _events: self._on_end())
        return ours

    def _on_end(self) -> None:
        """Its keepers go on without it."""
        if self._socket is not None:
            self.loop.remove(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        self._on_end()


def slot_mark(mark: str, slot: int) -> bytes:
    """What is in the environment of every job of this agent's slot."""
    return f"{SLOT_MARK}={mark}-{slot}".encode()
