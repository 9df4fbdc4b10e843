"""The agent: what the server asks goes to its functions (functions.py) or its jobs (desk.py).

It survives the server. A durable run's report is journaled before it is sent, and sent again to
every new connection until acknowledged; runs are known by (run_id, attempt) and started once.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from owari.compute.agent import journal, machine, orphans, protocol
from owari.compute.agent.desk import Desk, capacity
from owari.compute.agent.environment import Definition
from owari.compute.agent.file_systems import FileSystems
from owari.compute.agent.folder import bury_containers
from owari.compute.agent.functions import Functions
from owari.compute.agent.image_lookup import Images
from owari.compute.agent.lines import Shipper
from owari.compute.agent.link import Link, listen
from owari.compute.agent.loop import Loop
from owari.compute.agent.places import Places
from owari.compute.agent.port import Port
from owari.compute.agent.runtimes import Runtimes
from owari.compute.agent.saying import say
from owari.compute.agent.workers import Workers
from owari.compute.agent.zygotes import link_sdk
from owari.compute.images import Mapping
from owari.compute.isolation import Tier
from owari.compute.pool.ledger import Bounds
from owari.compute.pool.pool import Pool

Key = tuple[str, int]

HEAD_ROOM_MIB = 1_024  # of the machine's memory, never given to functions
STATUS_INTERVAL_S = 0.2
HOUSEKEEPING_S = 60.0
ACKED_REMEMBERED = 1_024
WAITED_FOR_S = 30.0  # a server that went away: functions are not timed, callers not refused


class Agent:
    """`folder` is its own and the current one; `mark` names the data folder in /proc."""

    def __init__(
        self, folder: Path, mark: str, tier: Tier, *, idle_s: float, gpus: int | None = None
    ) -> None:
        self.folder = folder
        self.mark = mark
        self.tier = tier
        self.instance = os.urandom(8).hex()
        self.epoch = -1
        self.loop = Loop()
        self.link: Link | None = None
        self.port = Port(self.loop)
        self.alone_since = self.loop.now  # without a server
        self.reports = journal.Reports(folder / "reports.journal")
        self.logs = journal.Logs(folder / "logs.journal")
        self.shipper = Shipper(self._journal_logs, lambda: self.logs.full)
        memory = machine.memory_mib()
        room = max(memory - HEAD_ROOM_MIB, memory // 2)
        self.pool = Pool(Bounds(memory_mib=room, free_growth=machine.cores(), idle_s=idle_s))
        self.runtimes = Runtimes()
        sdk = folder / "sdk"
        keep = [sys.prefix, sys.base_prefix, str(sdk), *link_sdk(sdk, sys.path)]
        self.workers = Workers(self.loop, folder, sdk, tier, mark, on_change=self._status_changed)
        file_systems = FileSystems(folder.parent / "efs")
        self.functions = Functions(
            self.loop,
            self.pool,
            self.workers,
            self.runtimes,
            Images(self.loop, folder, Mapping(folder.parent / "images.json"), self.runtimes.found),
            Places(folder, sdk, keep, mark, file_systems),
            shipper=self.shipper,
            reports=self.reports,
            watchdog=not tier.parents,
            link=lambda: self.link,
            on_change=self._status_changed,
        )
        self.desk = Desk(
            self.loop,
            folder,
            tier,
            mark,
            found=self.runtimes.found,
            file_systems=file_systems,
            shipper=self.shipper,
            reports=self.reports,
            capacity=capacity(room, gpus),
            free_mib=lambda: room - self.pool.held_mib(),
            link=lambda: self.link,
        )
        self.acked: dict[Key, None] = {}  # the last ones
        self._status_due = float("inf")

    # ---- life
    def run(self) -> None:
        self.listener = listen(self.loop, "agent.sock", self._on_connection)
        self.port.listen()
        self.loop.before_sleep += [self._before_sleep, self._flush]
        self.loop.call_later(HOUSEKEEPING_S, self._housekeeping)
        self._reap_children()
        self.loop.run()
        self.shipper.flush()
        self.desk.processes.close()
        self.workers.close()
        orphans.kill_marked(orphans.folder_mark(self.mark))
        bury_containers(self.folder, self.mark)

    def end(self) -> None:
        """Kill everything and leave, after this turn."""
        self.loop.running = False

    def _reap_children(self) -> None:
        """Zygotes and cleaners are our children; workers are the zygotes'."""
        wake, alarm = os.pipe()
        for fd in (wake, alarm):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

        def reap(_events: int) -> None:
            os.read(wake, 4096)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                pass

        self.loop.add(wake, reap)

    def _housekeeping(self) -> None:
        if not Path("agent.sock").exists():
            self.end()  # the data folder was removed
        self.workers.retire_zygotes()
        self.desk.retire()
        self.functions.forget_unused()
        self.loop.call_later(HOUSEKEEPING_S, self._housekeeping)

    def _before_sleep(self) -> float:
        now = self.loop.now
        self._tick_jobs(now)
        wake = self.functions.before_sleep()
        if now >= self._status_due:
            self._send_status()
        return min(wake, self.shipper.tick(now), self._status_due)

    def _tick_jobs(self, now: float) -> None:
        processes = self.desk.processes
        processes.tick(self.logs.crowded)
        self.functions.reserve(processes.ledger.memory_mib)

    def _flush(self) -> float:
        ended = self.desk.journal()
        link = self.link
        if link is not None:
            while (batch := self.logs.to_send()) is not None:
                link.send({"k": "logs", "seq": batch[0]}, batch[1])
            link.send_frame(ended)
        self.desk.tell_started(link)
        if link is not None:
            link.flush()
        return float("inf")

    # ---- the server
    def _on_connection(self, connection: socket.socket) -> None:
        Link(self.loop, connection, self._on_frame, self._on_link_end)

    def _on_link_end(self, link: Link) -> None:
        if self.link is link:
            self.link = None
            self.logs.resend()
            self.alone_since = self.loop.now
            self.pool.pause(self.loop.now)
            self.loop.call_later(WAITED_FOR_S, self._waited)

    def _waited(self) -> None:
        """The server was given time. Its callers go on waiting as long as something runs here."""
        if self.link is not None or self.loop.now < self.alone_since + WAITED_FOR_S:
            return
        self.pool.resume(self.loop.now)
        if self.functions.running() or self.desk.processes.ledger.taken:
            self.loop.call_later(WAITED_FOR_S, self._waited)
        else:
            self.port.release()

    def _on_frame(self, link: Link, header: dict[str, Any], payload: bytes) -> None:
        kind = header["k"]
        if kind == "hello":
            self._hello(link, header)
        elif link is not self.link:
            link.close()  # an older server, or one that did not say hello
        else:
            match kind:
                case "run":
                    self._run(link, header, payload)
                case "process":
                    self._process(link, header, payload)
                case "define":
                    self._define(link, header)
                case "keep":
                    self.functions.keep(link, header)
                case "ack":
                    self._acknowledge((header["run_id"], header["attempt"]), header["piece"])
                case "ack_logs":
                    self.logs.acknowledge(header["seq"])
                case "cancel":
                    self._cancel(header["run_id"], header["reason"])
                case "shutdown":
                    self.end()

    def _hello(self, link: Link, header: dict[str, Any]) -> None:
        if not protocol.speaks(header["version"]) or header["epoch"] < self.epoch:
            why = "another version" if header["epoch"] >= self.epoch else "a newer server is there"
            link.send({"k": "refused", "why": why, "version": protocol.VERSION})
            link.flush()
            link.close()
            return
        older, self.link = self.link, link
        self.pool.resume(self.loop.now)
        if older is not None:
            older.close()
        self.logs.resend()
        self.epoch = header["epoch"]
        self.pool.keep_nothing()  # it will say what it wishes
        self.functions.keeping.forget()
        known = [
            list(key) for key in {*self.functions.live, *self.reports.pending, *self.desk.keys}
        ]
        link.send(
            {
                "k": "welcome",
                "version": protocol.VERSION,
                "instance": self.instance,
                "pid": os.getpid(),
                "known": known,
                "capacity": self.desk.describe_capacity(self.instance),
            }
        )
        self.desk.greet(link)
        self.workers.warm()
        self._send_status()
        for report in self.reports.frames():
            link.send_frame(report)

    def _define(self, link: Link, header: dict[str, Any]) -> None:
        definition = Definition(**header["definition"])
        link.definitions[header["n"]] = definition
        for number in header.get("forget", ()):  # nothing will be asked of it any more
            link.definitions.pop(number, None)

    def _acknowledge(self, key: Key, piece: int) -> None:
        self.reports.acknowledge(key, piece)
        if key in self.reports.pending or self.desk.knows(key):
            return  # there is more to be told of it
        self.acked[key] = None
        if len(self.acked) > ACKED_REMEMBERED:
            del self.acked[next(iter(self.acked))]

    # ---- runs
    def _run(self, link: Link, header: dict[str, Any], payload: bytes) -> None:
        durable = header["call"] == protocol.DURABLE
        if not durable or not self._is_known(link, (header["run_id"], header["attempt"])):
            self.functions.run(link, header, payload)

    def _process(self, link: Link, header: dict[str, Any], payload: bytes) -> None:
        durable = header["call"] == protocol.DURABLE
        if durable and self._is_known(link, (header["run_id"], header["attempt"])):
            return
        self._status_changed()
        self.desk.begin(link, header, payload)

    def _is_known(self, link: Link, key: Key) -> bool:
        """Started before: running, reported (then again), or done with."""
        pending = self.reports.pending.get(key)
        if pending is not None:
            link.send_frame(b"".join(pending.values()))
        if pending is not None or key in self.functions.live or key in self.acked:
            return True
        return self.desk.knows(key)

    def _cancel(self, run_id: str, reason: str) -> None:
        self.desk.cancel(run_id, reason)
        self.functions.cancel(run_id, reason)

    def _journal_logs(self, records: bytes) -> None:
        try:
            self.logs.add(records)
        except OSError as error:
            say(f"log lines are lost: {error}")

    # ---- status
    def _status_changed(self) -> None:
        if self._status_due == float("inf"):
            self._status_due = self.loop.now + STATUS_INTERVAL_S

    def _send_status(self) -> None:
        self._status_due = float("inf")
        if self.link is None:
            return
        running = self.functions.running()
        self.link.send(
            {
                "k": "status",
                "pid": os.getpid(),
                "instance": self.instance,
                "isolation": self.tier.name,
                "isolation_why": self.tier.why,
                "environments": len(self.functions.environments),
                "running": running + self.desk.processes.ledger.taken,
                "jobs": self.desk.describe(),
                "waiting": self.pool.waiting,
                "memory_mib": self.pool.memory_mib,
                "capacity": {
                    "memory_mib": self.pool.bounds.memory_mib,
                    "environments": self.pool.bounds.environments_max,
                    "cores": machine.cores(),
                },
                "interpreters": self.workers.describe(),
                "runtimes": {f"python3.{i.minor}": i.path for i in self.runtimes.found.values()},
            }
        )
